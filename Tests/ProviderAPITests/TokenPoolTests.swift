import ExportCore
import Foundation
import ProviderAPI
import TestServers
import Testing

@Suite("Several tokens", .timeLimit(.minutes(1))) struct TokenPoolTests {
    private static let secrets = ["A": "token-a", "B": "token-b", "C": "token-c"]

    private static func yaml(_ use: String) -> String {
        """
        provider: test
        baseURL: BASE
        auth:
          tokens:
            use: \(use)
            of: [{ bearer: "{{ .secrets.A }}" }, { bearer: "{{ .secrets.B }}" }, { bearer: "{{ .secrets.C }}" }]
        create: { request: POST /exports, export: { id: .response.body.id } }
        status: { request: "GET /exports/{{ .export.id }}", state: .response.body.s, states: { running: RUN, ready: DONE } }
        files: { request: GET /files, items: .response.body.files }
        """
    }

    private static func job(_ id: String = "j") throws -> JobContext {
        JobContext(JobRequest(id: try #require(JobID(id)), provider: "test"))
    }

    private static func used(_ provider: TestProvider) -> [String] {
        provider.server.requests.compactMap { $0.headers["authorization"]?.split(separator: "-").last.map(String.init) }
    }

    private static let running = StubResponse.json(#"{"id":"1","s":"RUN"}"#)
    private static let handle = #"{"id":"1"}"#

    @Test("are used one after the other") func turns() async throws {
        let provider = try await TestProvider(Self.yaml("turns"), secrets: Self.secrets) { _ in Self.running }
        let job = try Self.job()
        for _ in 0..<6 { _ = await provider.client.check(job, exportHandle: Self.handle) }
        let used = Self.used(provider)
        #expect(Set(used.prefix(3)).count == 3)
        #expect(Array(used.prefix(3)) == Array(used.suffix(3)))
    }

    @Test("are used by what their answers say is left") func remaining() async throws {
        let left = ["a": "5", "b": "90", "c": "40"]
        let provider = try await TestProvider(Self.yaml("remaining"), secrets: Self.secrets) { request in
            let token = request.headers["authorization"]?.split(separator: "-").last.map(String.init) ?? ""
            let headers = ["X-RateLimit-Remaining": left[token] ?? "", "X-RateLimit-Reset": "300"]
            return .json(#"{"id":"1","s":"RUN"}"#, headers: headers)
        }
        let job = try Self.job()
        for _ in 0..<8 { _ = await provider.client.check(job, exportHandle: Self.handle) }
        let used = Self.used(provider)
        #expect(Set(used.prefix(3)) == ["a", "b", "c"], "each is asked once")
        #expect(Set(used.suffix(5)) == ["b"])
        #expect(await provider.client.takeBudget(.check) == nil, "the budget of a token is not that of the provider")
    }

    @Test("stay with a job", arguments: ["j1", "j2", "j3"]) func ofJob(id: String) async throws {
        let provider = try await TestProvider(Self.yaml("job"), secrets: Self.secrets) { _ in Self.running }
        _ = await provider.client.create(try Self.job(id))
        for _ in 0..<4 { _ = await provider.client.check(try Self.job(id), exportHandle: Self.handle) }
        #expect(Set(Self.used(provider)).count == 1)
    }

    @Test("take over from one that is used up or refused, until none is left", arguments: [429, 401])
    func takeOver(status: Int) async throws {
        let provider = try await TestProvider(Self.yaml("turns"), secrets: Self.secrets) { request in
            request.headers["authorization"] == "Bearer token-b" ? Self.running : .text("no", status: status)
        }
        let job = try Self.job()
        var putOff = 0, answered = 0
        for _ in 0..<8 {
            switch await provider.client.create(job) {
            case .failed(let failure):
                putOff += 1
                #expect(failure.failureClass == .notYet && failure.isDeferral && failure.retryAfterSeconds == 1, "\(failure)")
                #expect(failure.concernsAccount == true, "it does not show that the provider accepts this program")
            default: answered += 1
            }
        }
        #expect((putOff, answered) == (2, 6), "each of the two others is asked once: \(Self.used(provider))")

        let all = try await TestProvider(Self.yaml("turns"), secrets: Self.secrets) { _ in .text("no", status: status) }
        var last: Failure?
        for _ in 0..<3 {
            if case .failed(let failure) = await all.client.create(job) { last = failure }
        }
        #expect(last?.failureClass == (status == 429 ? .throttled : .unauthorised))
    }

    @Test("that are refused are no export that runs") func refusedCheck() async throws {
        let provider = try await TestProvider(Self.yaml("turns"), secrets: Self.secrets) { _ in .text("no", status: 401) }
        guard case .failure(let failure) = await provider.client.check(try Self.job(), exportHandle: Self.handle) else {
            throw Unexpected("a refused token says nothing of the export")
        }
        #expect(failure.code == "other-token")
    }

    @Test("take over in creates, lists and downloads as well") func otherRequests() async throws {
        let provider = try await TestProvider(Self.yaml("turns"), secrets: Self.secrets) { _ in .text("slow", status: 429) }
        let job = try Self.job()
        var classes: [FailureClass?] = []
        if case .failed(let failure) = await provider.client.create(job) { classes.append(failure.failureClass) }
        if case .failure(let failure) = await provider.client.files(job, exportHandle: Self.handle) { classes.append(failure.failureClass) }
        do {
            _ = try await provider.client.download(DownloadTarget(url: provider.server.url + "/f"), job, exportHandle: Self.handle)
        } catch {
            classes.append(error.failureClass)
        }
        #expect(classes == [.notYet, .notYet, .throttled])
        #expect(Set(Self.used(provider)).count == 3)
    }
}
