import ExportCore
import Foundation
import ProviderAPI
import Synchronization
import TestServers
import Testing

@Suite("Accounts", .timeLimit(.minutes(1))) struct AccountTests {
    private static let secrets = [
        "TOKEN__blue": "token-of-blue", "TOKEN__red.2": "token-of-red", "TOKEN": "token-of-all", "APP": "shared-key",
        "APP__blue": "not-used",
    ]

    private static func yaml(_ auth: String, by filter: String = ".job.tenant") -> String {
        """
        provider: test
        baseURL: BASE
        secrets: { by: '\(filter)', names: [TOKEN] }
        \(auth)
        create: { request: POST /exports, export: { id: .response.body.id } }
        status: { request: "GET /exports/{{ .export.id }}", state: .response.body.s, states: { running: RUN, ready: DONE } }
        files: { request: GET /files, items: .response.body.files }
        """
    }

    private static let headers = #"auth: { header: { X-Token: "{{ .secrets.TOKEN }}", X-App: "{{ .secrets.APP }}" } }"#

    private static func job(_ tenant: String) throws -> JobContext {
        JobContext(JobRequest(id: try #require(JobID("j")), provider: "test", tenant: tenant))
    }

    /// Answers with what was sent.
    private static func echo(_ request: StubRequest) -> StubResponse {
        let sent = (request.headers["x-token"] ?? "") + " " + (request.headers["x-app"] ?? "")
        return .json(#"{"id":"\#(Data(sent.utf8).base64EncodedString())"}"#, status: 201)
    }

    private static func sent(_ outcome: CreateOutcome) -> String? {
        guard case .created(let handle) = outcome, let id = handle.split(separator: "\"").last(where: { $0.count > 3 }),
            let data = Data(base64Encoded: String(id))
        else { return nil }
        return String(decoding: data, as: UTF8.self)
    }

    private static func failure(_ outcome: CreateOutcome) -> Failure? { if case .failed(let failure) = outcome { failure } else { nil } }

    @Test("give each job the secrets of its own, and those that all share") func own() async throws {
        let provider = try await TestProvider(Self.yaml(Self.headers), secrets: Self.secrets, Self.echo)
        #expect(Self.sent(await provider.client.create(try Self.job("blue"))) == "token-of-blue shared-key")
        #expect(Self.sent(await provider.client.create(try Self.job("red.2"))) == "token-of-red shared-key")
        #expect(Self.sent(await provider.client.create(try Self.job("blue"))) == "token-of-blue shared-key")
    }

    @Test("fail a job without secrets of its own, and send nothing in their place") func missing() async throws {
        let provider = try await TestProvider(Self.yaml(Self.headers), secrets: Self.secrets, Self.echo)
        let failure = try #require(Self.failure(await provider.client.create(try Self.job("green"))))
        #expect(failure.code == "unknown-account")
        #expect(failure.failureClass == .permanent, "other tenants' jobs go on")
        #expect(!failure.concernsProvider)
        #expect(failure.message.contains("TOKEN__green") && failure.message.contains("TOKEN_DIR"), "\(failure.message)")
        #expect(provider.server.requests.isEmpty)
        #expect(provider.client.missingSecrets.isEmpty)
    }

    @Test(
        "have names that are safe as the name of a file",
        arguments: ["../etc", ".blue", "a/b", "", "a b", String(repeating: "a", count: 65)])
    func names(name: String) async throws {
        let provider = try await TestProvider(Self.yaml(Self.headers, by: ".parameters.account"), secrets: Self.secrets, Self.echo)
        let parameters = String(decoding: try JSONEncoder().encode(["account": name]), as: UTF8.self)
        let job = JobContext(JobRequest(id: try #require(JobID("j")), provider: "test", parameters: parameters))
        #expect(Self.failure(await provider.client.create(job))?.code == "unknown-account")
    }

    @Test("read their secrets from a folder with a file each, again when they change") func folder() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try Data("first-token\n".utf8).write(to: folder.appending(path: "blue"))
        let provider = try await TestProvider(Self.yaml(Self.headers), secrets: ["TOKEN_DIR": folder.path, "APP": "shared-key"], Self.echo)
        #expect(Self.sent(await provider.client.create(try Self.job("blue"))) == "first-token shared-key")
        #expect(await !provider.client.reloadSecrets())
        try Data("second-token".utf8).write(to: folder.appending(path: "blue"))
        #expect(await provider.client.reloadSecrets())
        #expect(Self.sent(await provider.client.create(try Self.job("blue"))) == "second-token shared-key")
    }

    @Test("sign in apart from each other") func sessions() async throws {
        let auth = """
            auth:
              session:
                request: POST /login
                json: { token: "{{ .secrets.TOKEN }}" }
                values: { token: .response.body.token }
                send: { header: { X-Token: "{{ .session.token }}", X-App: none } }
            """
        let logins = Mutex(0)
        let provider = try await TestProvider(Self.yaml(auth), secrets: Self.secrets) { request in
            guard request.target == "/login" else { return Self.echo(request) }
            logins.withLock { $0 += 1 }
            let token = request.body.contains("blue") ? "session-blue" : "session-red"
            return .json(#"{"token":"\#(token)"}"#)
        }
        for _ in 0..<3 {
            #expect(Self.sent(await provider.client.create(try Self.job("blue"))) == "session-blue none")
            #expect(Self.sent(await provider.client.create(try Self.job("red.2"))) == "session-red none")
        }
        #expect(logins.withLock { $0 } == 2)
    }

    @Test("are kept out of each other's messages") func hidden() async throws {
        let provider = try await TestProvider(Self.yaml(Self.headers), secrets: Self.secrets) { _ in
            .text("the token token-of-blue or token-of-red of shared-key", status: 400)
        }
        _ = await provider.client.create(try Self.job("blue"))
        let failure = try #require(Self.failure(await provider.client.create(try Self.job("red.2"))))
        #expect(failure.message.contains("the token *** or *** of ***"), "\(failure.message)")
    }
}
