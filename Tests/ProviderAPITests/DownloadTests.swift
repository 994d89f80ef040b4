import ExportCore
@testable import HTTPClient
import ProviderAPI
import TestServers
import Testing

@Suite("Downloads")
struct DownloadTests {
    func provider(_ answer: StubResponse) async throws -> TestProvider { try await provider("", answer) }

    func provider(_ download: String, more: String = "", _ answer: StubResponse) async throws -> TestProvider {
        try await TestProvider(ProviderFileTests.least.replacing("https://api.example.com", with: "BASE") + "\n\(download)\n\(more)") { _ in
            answer
        }
    }

    func download(_ provider: TestProvider) async throws -> HTTPStream {
        try await provider.client.download(DownloadTarget(url: provider.server.url + "/f?sig=s3cret"), provider.job, exportHandle: "{}")
    }

    func failure(_ provider: TestProvider) async throws -> Failure {
        try #require(await #expect(throws: Failure.self) { _ = try await download(provider) })
    }

    @Test("200 and 203 are the file, which is asked for as it is", arguments: [200, 203])
    func file(status: Int) async throws {
        let provider = try await provider(.text("data", status: status))
        #expect(try await provider.body(download(provider)) == Array("data".utf8))
        #expect(provider.server.requests.first?.headers["accept-encoding"] == "identity")
        let gzip = try await self.provider("download: { headers: { Accept-Encoding: gzip } }", .text("data"))
        _ = try await download(gzip)
        #expect(gzip.server.requests.first?.headers["accept-encoding"] == "gzip")
    }

    @Test(
        "another success is not the file",
        arguments: [
            (202, FailureClass.notYet, "not-ready"), (204, .notYet, "not-ready"), (206, .transient, "http-206"),
            (201, .transient, "http-201"),
        ])
    func noFile(status: Int, failureClass: FailureClass, code: String) async throws {
        let failure = try await failure(try await provider(.text("x", status: status, headers: ["Retry-After": "2"])))
        #expect(failure.failureClass == failureClass && failure.code == code && failure.answer?.status == status)
        #expect(!failure.message.contains("s3cret"))
        if failureClass == .notYet { #expect(!failure.countsAsAttempt && failure.retryAfter == .seconds(2)) }
    }

    @Test("200 with a part of the file is not the file, 200 with all of it is")
    func partial() async throws {
        for range in ["bytes 0-3/9999", "bytes 5-9/10", "BYTES 1-9/*"] {
            let failure = try await failure(try await provider(.text("data", headers: ["Content-Range": range])))
            #expect(failure.failureClass == .transient && failure.code == "http-206" && failure.message.contains(range))
        }
        for range in ["bytes 0-3/4", "bytes 0-3/*", "bytes */4", "lines 1-2/9"] {
            let provider = try await provider(.text("data", headers: ["Content-Range": range]))
            #expect(try await provider.body(download(provider)) == Array("data".utf8))
        }
    }

    @Test("204 is an empty file if the provider file says so")
    func noContent() async throws {
        let provider = try await provider("download: { noContent: empty }", .text("", status: 204))
        #expect(try await provider.body(download(provider)).isEmpty)
    }

    @Test("codes that mean not yet or too fast are waited for, and the answer is quoted")
    func codes() async throws {
        let cases: [(Int, [String: String], FailureClass)] = [
            (409, [:], .notYet), (404, ["Retry-After": "1"], .notYet), (403, ["Retry-After": "1"], .throttled), (404, [:], .gone),
            (529, [:], .throttled),
        ]
        for (status, headers, expected) in cases {
            let failure = try await failure(try await provider(.text("wait", status: status, headers: headers)))
            #expect(failure.failureClass == expected && failure.answer?.start == "wait", "\(status)")
        }
    }

    static let rule = "download: { errors: [{ when: .response.body.error, class: throttled, message: .response.body.error }] }"

    @Test(
        "a rule reads the body of an answer in place of the file, and takes nothing from a file",
        arguments: ["application/json", "text/csv"])
    func rules(type: String) async throws {
        let error = try await provider(Self.rule, .text(#"{"error":"rate limit"}"#, headers: ["Content-Type": type]))
        let failure = try await failure(error)
        #expect(failure.failureClass == .throttled && failure.message.hasSuffix("answered 200 with an error: rate limit"))
        for body in [#"{"a":1}"#, "{" + String(repeating: "x", count: 300_000)] {
            let file = try await provider(Self.rule, .text(body, headers: ["Content-Type": type]))
            #expect(try await file.body(download(file)) == Array(body.utf8))
        }
    }

    @Test("a rule sees status and headers of any answer, and the provider's rules count too")
    func statusRules() async throws {
        let wide = "errors: [{ when: '.response.headers[\"x-error\"]', class: permanent, code: '.response.headers[\"x-error\"]' }]"
        let failure = try await failure(try await provider("", more: wide, .text("x", headers: ["X-Error": "No Such Report"])))
        #expect(failure.code == "no-such-report" && failure.failureClass == .permanent)
        let ok = try await provider("download: { errors: [{ when: .response.status == 206, class: ok }] }", .text("x", status: 206))
        #expect(try await ok.body(download(ok)) == [UInt8(ascii: "x")])
    }

    @Test(
        "the expected media types are known, in lower case",
        arguments: [("Text/CSV", ["text/csv"]), ("[text/*, a/b]", ["text/*", "a/b"])])
    func types(written: String, types: [String]) async throws {
        let provider = try await provider("download: { expect: { type: \(written) } }", .text(""))
        #expect(provider.client.definition.download.expectedTypes == types)
    }

    @Test("an empty list of media types is reported")
    func noType() async {
        let problems = await TestProvider.problems(ProviderFileTests.least + "\ndownload: { expect: { type: [] } }")
        #expect(problems.map(\.field) == ["download.expect.type"])
    }

    static let signed = """
        provider: p
        baseURL: BASE
        auth: { bearer: "{{ .secrets.TOKEN }}" }
        create: { request: POST /x, export: { id: .response.body.id } }
        status: { request: "GET /x", state: .response.body.s, states: { ready: DONE } }
        files: { request: GET /f, items: .response.body.files }
        download: { headers: { X-Key: "{{ .secrets.KEY }}" } }
        """

    @Test("a presigned URL needs no secret; the provider's own files do")
    func missingSecret() async throws {
        let store = try StubServer { _ in .text("data") }
        let provider = try await TestProvider(Self.signed) { _ in .text("data") }
        let (client, job) = (provider.client, provider.job)
        let stream = try await client.download(DownloadTarget(url: store.url + "/f?sig=1"), job, exportHandle: "{}")
        #expect(try await provider.body(stream) == Array("data".utf8))
        let failure = await #expect(throws: Failure.self) {
            _ = try await client.download(DownloadTarget(url: provider.server.url + "/f"), job, exportHandle: "{}")
        }
        #expect(failure?.code == "missing-secret" && provider.server.requests.isEmpty)
        #expect(await client.downloadAccess(to: DownloadTarget(url: store.url + "/f"), job).withCredentials == false)
        #expect(await client.downloadAccess(to: DownloadTarget(url: provider.server.url + "/f"), job).withCredentials)
    }

    @Test("instead of auth, a header may hold the credentials of downloads, for the provider's own host only")
    func ownHeader() async throws {
        let yaml = Self.signed.replacing("X-Key:", with: "Authorization:").replacing("download: {", with: "download: { auth: false,")
        let store = try StubServer { _ in .text("data") }
        let provider = try await TestProvider(yaml, secrets: ["TOKEN": "t", "KEY": "k"]) { _ in .text("data") }
        for url in [store.url, provider.server.url] {
            _ = try await provider.client.download(DownloadTarget(url: url), provider.job, exportHandle: "{}")
        }
        #expect(store.requests.first?.headers["authorization"] == nil)
        #expect(provider.server.requests.first?.headers["authorization"] == "k")
    }

    @Test("the budget of another host is not the provider's")
    func budgets() async throws {
        let limits = ["RateLimit-Limit": "10", "RateLimit-Remaining": "1", "RateLimit-Reset": "60"]
        let store = try StubServer { _ in .text("data", headers: limits) }
        let provider = try await TestProvider(Self.signed, secrets: ["TOKEN": "t", "KEY": "k"]) { request in
            request.target == "/moved" ? .text("", status: 302, headers: ["Location": store.url + "/f"]) : .text("data", headers: limits)
        }
        let (client, job) = (provider.client, provider.job)
        for url in [store.url + "/f", provider.server.url + "/moved"] {
            _ = try await client.download(DownloadTarget(url: url), job, exportHandle: "{}")
            for host in ["moved", "127.0.0.1"] + [store.url, provider.server.url].map({ String($0.dropFirst(7)) }) {
                #expect(await client.takeBudget(.download(host: host)) == nil)
            }
        }
        _ = try await client.download(DownloadTarget(url: provider.server.url + "/f"), job, exportHandle: "{}")
        let host = await client.downloadAccess(to: DownloadTarget(url: provider.server.url + "/f"), job, exportHandle: "{}").host
        #expect(await client.takeBudget(.download(host: host))?.remaining == 1)
        #expect(await client.takeBudget(.list) == nil, "listings have their own")
    }

    @Test("a failure that concerns the provider is tried again", arguments: [HTTPError.Kind.certificate, .refusedAddress, .dns])
    func ofTheProvider(kind: HTTPError.Kind) {
        let failure = Failure(HTTPError(kind, HTTPRequest(.get, "https://x.example/"), cause: "no"))
        #expect(failure.failureClass == .transient && failure.concernsProvider && failure.countsAsAttempt)
    }

    @Test("a word that is no media type is reported")
    func wrongType() async {
        let problems = await TestProvider.problems(ProviderFileTests.least + "\ndownload: { expect: { type: csv } }")
        #expect(problems.map(\.message) == ["\"csv\" is not a media type"])
    }
}
