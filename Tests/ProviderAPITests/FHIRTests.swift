import ExportCore
import Foundation
import ProviderAPI
import TestServers
import Testing

@Suite("FHIR Bulk Data: the state is the HTTP status code, the manifest is the status response")
struct FHIRTests {
    static let yaml = """
        provider: fhir
        baseURL: BASE/fhir
        auth: { basic: { username: bulk, password: "{{ .secrets.FHIR_PASSWORD }}" } }
        create:
          request: GET /$export
          headers: { Accept: application/fhir+json, Prefer: respond-async }
          export: { location: '.response.headers["content-location"]' }
        status:
          request: GET {{ .export.location }}
          state: .response.status
          states: { running: 202, ready: 200, expired: [404, 410], failed: 500 }
          progress: .response.headers["x-progress"]
          error: { message: ".response.body.issue[0].diagnostics" }
        files:
          items: '.response.body.output[] | {name: (.type + ".ndjson"), url}'
          next: '.response.body.link[]? | select(.relation == "next") | .url'
        download: { unpack: none }
        """

    func provider(_ handler: @escaping @Sendable (StubRequest) -> StubResponse) async throws -> TestProvider {
        try await TestProvider(Self.yaml, secrets: ["FHIR_PASSWORD": "pw:ü"], handler)
    }

    @Test("later requests use the location in the create response")
    func create() async throws {
        let provider = try await provider { request in
            request.method == "GET" && request.target == "/fhir/$export"
                ? .text("", status: 202, headers: ["Content-Location": "/fhir/jobs/7?a=b%20c"]) : .text("", status: 202)
        }
        let location = "{\"location\":\"\(provider.server.url)/fhir/jobs/7?a=b%20c\"}"
        #expect(await provider.client.create(provider.job) == .created(exportHandle: location))
        let request = provider.server.requests[0]
        #expect(request.headers["prefer"] == "respond-async" && request.headers["accept"] == "application/fhir+json")
        #expect(request.headers["authorization"] == "Basic " + Data("bulk:pw:ü".utf8).base64EncodedString())
        _ = await provider.client.check(provider.job, exportHandle: #"{"location":"/fhir/jobs/7?a=b%20c"}"#)
        #expect(provider.server.lines[1] == "GET /fhir/jobs/7?a=b%20c")
    }

    @Test("a Retry-After date becomes a delay")
    func retryAfterDate() async throws {
        let provider = try await provider { _ in
            let formatter = DateFormatter()
            formatter.locale = Locale(identifier: "en_US_POSIX")
            formatter.timeZone = TimeZone(identifier: "UTC")
            formatter.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
            let date = formatter.string(from: Date(timeIntervalSinceNow: 3600))
            return .text("", status: 202, headers: ["Retry-After": date, "X-Progress": "working on it"])
        }
        guard case .running(nil, let delay?) = await provider.client.check(provider.job, exportHandle: #"{"location":"/j"}"#) else {
            Issue.record("not running")
            return
        }
        #expect((.seconds(3500)...Duration.seconds(3600)).contains(delay))
    }

    @Test("status codes in the file are states, others are failures by their class")
    func codes() async throws {
        func check(_ status: Int) async throws -> CheckOutcome {
            let provider = try await provider { _ in .json(#"{"issue":[{"diagnostics":"broken"}]}"#, status: status) }
            return await provider.client.check(provider.job, exportHandle: "{\"location\":\"\(provider.server.url)/j\"}")
        }
        #expect(try await check(200) == .ready(exportHandle: nil, page: nil))
        #expect(try await check(410) == .expired)
        #expect(try await check(500) == .failed(code: "export-failed", message: "broken"))
        #expect(try await check(204) == .unknownStatus("204", retryAfter: nil))
        guard case .failure(let failure) = try await check(429) else {
            Issue.record("429 is no failure")
            return
        }
        #expect(failure.failureClass == .throttled)
    }

    @Test("the manifest is requested again and its links are followed; credentials do not leave the origin")
    func manifest() async throws {
        let other = try StubServer { request in
            request.target == "/page2" ? .json(#"{"output":[{"type":"Group","url":"/g"}]}"#) : .text("data")
        }
        let otherURL = other.url
        let provider = try await provider { _ in
            .json(#"{"output":[{"type":"Patient","url":"\#(otherURL)/p"}],"link":[{"relation":"next","url":"\#(otherURL)/page2"}]}"#)
        }
        let handle = #"{"location":"/j"}"#
        guard case .page(let files, let next?) = await provider.client.files(provider.job, exportHandle: handle) else {
            Issue.record("no page")
            return
        }
        #expect(files == [ListedFile(name: "Patient.ndjson", url: "\(otherURL)/p")])
        #expect(
            await provider.client.files(provider.job, exportHandle: handle, page: next)
                == .page(files: [ListedFile(name: "Group.ndjson", url: "\(otherURL)/g")], next: nil))
        let stream = try await provider.client.download(DownloadTarget(url: files[0].url), provider.job, exportHandle: handle)
        #expect(try await provider.body(stream) == Array("data".utf8))
        let own = try await provider.client.download(DownloadTarget(url: provider.server.url + "/own"), provider.job, exportHandle: handle)
        own.cancel()
        #expect(other.requests.count == 2 && other.requests.allSatisfy { $0.headers["authorization"] == nil })
        #expect(provider.server.requests.count == 2 && provider.server.requests.allSatisfy { $0.headers["authorization"] != nil })
    }
}
