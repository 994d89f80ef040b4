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

    private static let session = """
        auth:
          session:
            request: POST /login
            json: { token: "{{ .secrets.TOKEN }}" }
            values: { token: .response.body.token }
            send: { header: { X-Token: "{{ .session.token }}", X-App: none } }
        """

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

    @Test("are told apart for requests that ask for several exports at once") func groups() async throws {
        let provider = try await TestProvider(Self.yaml(Self.headers), secrets: Self.secrets, Self.echo)
        let jobs = try ["blue", "red.2", "../x", "blue"].map(Self.job)
        let groups = await provider.client.accountGroups(of: jobs)
        #expect(groups.sorted { $0[0] < $1[0] } == [[0, 3], [1], [2]])
    }

    @Test("sign in apart from each other") func sessions() async throws {
        let logins = Mutex(0)
        let provider = try await TestProvider(Self.yaml(Self.session), secrets: Self.secrets) { request in
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

    @Test("are held apart from each other, and tried again by one request at a time") func holds() async throws {
        let isAccepted = Mutex(false)
        let provider = try await TestProvider(Self.yaml(Self.headers), secrets: Self.secrets) { request in
            let isBlue = request.headers["x-token"] == "token-of-blue"
            return isBlue && !isAccepted.withLock { $0 } ? .text("revoked", status: 401) : Self.echo(request)
        }
        let (blue, red) = (try Self.job("blue"), try Self.job("red.2"))
        var failures: [Failure] = []
        for _ in 0..<3 { failures.append(try #require(Self.failure(await provider.client.create(blue)))) }
        #expect(failures.allSatisfy { $0.failureClass == .notYet && $0.concernsAccount == true && !$0.concernsProvider })
        #expect(failures.map(\.countsAsAttempt) == [true, true, false])
        #expect(failures.last?.code == "http-401" && failures.last?.message.contains("account blue") ?? false)
        let held = try #require(Self.failure(await provider.client.create(blue)))
        #expect(held.code == "account-held" && !held.countsAsAttempt && (held.retryAfterSeconds ?? 0) > 10, "\(held)")
        guard case .failure(let check) = await provider.client.check(blue, exportHandle: #"{"id":"1"}"#) else {
            throw Unexpected("a held account is no export that runs")
        }
        #expect(check.code == "account-held")
        #expect(provider.server.requests.count == 3)
        #expect(Self.sent(await provider.client.create(red)) == "token-of-red shared-key")

        isAccepted.withLock { $0 = true }
        _ = await provider.client.reloadSecrets()
        #expect(Self.sent(await provider.client.create(blue)) == "token-of-blue shared-key")
    }

    @Test("that are refused at their sign-in do not concern each other") func refusedSignIn() async throws {
        let provider = try await TestProvider(Self.yaml(Self.session), secrets: Self.secrets) { request in
            guard request.target == "/login" else { return Self.echo(request) }
            return request.body.contains("blue") ? .text("revoked", status: 400) : .json(#"{"token":"session-red"}"#)
        }
        let blue = try Self.job("blue")
        for _ in 0..<5 {
            let failure = try #require(Self.failure(await provider.client.create(blue)))
            #expect(failure.failureClass == .notYet && !failure.concernsProvider)
        }
        #expect(provider.server.requests.count == 3)
        #expect(Self.sent(await provider.client.create(try Self.job("red.2"))) == "session-red none")
    }

    @Test("lack what all share as a provider without accounts does") func missingShared() async throws {
        let provider = try await TestProvider(Self.yaml(Self.headers), secrets: ["TOKEN__blue": "token-of-blue"], Self.echo)
        let failure = try #require(Self.failure(await provider.client.create(try Self.job("blue"))))
        #expect(failure.code == "missing-secret" && failure.failureClass == .unauthorised)
        #expect(failure.message.contains("set APP, or APP_FILE") && !failure.message.contains("APP__blue"), "\(failure.message)")
    }

    @Test("find a secret that is put in its place later, and wait for one that cannot be read") func laterSecret() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        let file = folder.appending(path: "blue")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let provider = try await TestProvider(Self.yaml(Self.headers), secrets: ["TOKEN_DIR": folder.path, "APP": "shared-key"], Self.echo)
        #expect(Self.failure(await provider.client.create(try Self.job("blue")))?.code == "unknown-account")
        try FileManager.default.createDirectory(at: file, withIntermediateDirectories: true)
        let failure = try #require(Self.failure(await provider.client.create(try Self.job("blue"))))
        #expect(failure.code == "unreadable-secret" && failure.isDeferral, "\(failure)")
        #expect(failure.message.contains("check the permissions of the file blue"), "\(failure.message)")
        try FileManager.default.removeItem(at: file)
        try Data("first-token\n".utf8).write(to: file)
        #expect(Self.sent(await provider.client.create(try Self.job("blue"))) == "first-token shared-key")
        #expect(provider.client.redacted("first-token") == "***")
    }

    @Test(
        "are reported if they cannot be what is meant",
        arguments: [
            ("by: .job.tenant, names: [TOKN]", "secrets.names[0]: nothing reads .secrets.TOKN; did you mean TOKEN?"),
            ("by: .job.tenant, names: []", "secrets.names: empty, so all jobs would share all secrets"),
            ("by: 5", "secrets.by: the same for every job"),
        ])
    func mistakes(section: String, problem: String) async throws {
        let yaml = Self.yaml(Self.headers).replacing("by: '.job.tenant', names: [TOKEN]", with: section)
        #expect(yaml.contains(section))
        let problems = await TestProvider.problems(yaml)
        #expect(problems.contains { "\($0)".contains(problem) }, "\(problems)")
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
