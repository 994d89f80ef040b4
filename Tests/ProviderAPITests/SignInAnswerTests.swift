import ExportCore
import Foundation
import ProviderAPI
import TestServers
import Testing

@Suite("An answer to a sign-in")
struct SignInAnswerTests {
    private static let key = Data(repeating: 7, count: 32).base64EncodedString()
    private static let handle = #"{"id":"1"}"#
    private static let created = CreateOutcome.created(exportHandle: handle)

    private static func client(
        _ auth: String, _ server: StubServer, store: MemorySessionStore = MemorySessionStore()
    ) async throws -> ProviderClient {
        let yaml =
            auth + "\n" + """
                provider: p
                baseURL: BASE
                create: { request: POST /x, export: { id: .response.body.id } }
                status: { request: "GET /x/{{ .export.id }}", state: .response.body.s, states: { running: RUN, ready: DONE } }
                files: { request: GET /f, items: ".response.body.files[]" }
                """
        return try await ProviderClient.open(
            try ProviderSource(yaml: yaml.replacing("BASE", with: server.url), file: "p.yaml"), http: TestProvider.http,
            on: TestProvider.thread, secrets: .environment(["SECRET": "s3cret"]),
            sessions: SessionSharing(process: "a", store: store, seal: try SessionSeal(keys: key)))
    }

    private static func job() throws -> JobContext { JobContext(JobRequest(id: try #require(JobID("j")), provider: "p")) }

    /// An API that answers a sign-in with this, and everything else with success.
    private static func api(_ answer: StubResponse) throws -> StubServer {
        try StubServer { $0.target == "/login" ? answer : .json(#"{"id":"1","s":"RUN","files":[]}"#) }
    }

    private static func failure(_ auth: String, _ answer: StubResponse) async throws -> (failure: Failure, lines: [String]) {
        let server = try api(answer)
        let outcome = await (try await client(auth, server)).create(try job())
        guard case .failed(let failure) = outcome else { throw Unexpected(outcome) }
        return (failure, server.lines)
    }

    // MARK: oauth2

    private static let oauth2 = """
        auth:
          oauth2:
            tokenURL: BASE/login
            clientId: cl1ent
            clientSecret: "{{ .secrets.SECRET }}"
        """

    @Test(
        "of OAuth 2 is sent as the file says",
        arguments: [
            ("bearer: \"{{ .session.access_token }}\"", "POST /x", "authorization", "Bearer t0ken/1"),
            ("header: { X-Access: \"token={{ .session.access_token }}\" }", "POST /x", "x-access", "token=t0ken/1"),
            ("basic: { username: t, password: \"{{ .session.access_token }}\" }", "POST /x", "authorization", "Basic dDp0MGtlbi8x"),
            ("query: { access_token: \"{{ .session.access_token }}\" }", "POST /x?access_token=t0ken%2F1", "authorization", nil),
        ] as [(String, String, String, String?)])
    func send(send: String, line: String, header: String, value: String?) async throws {
        let server = try Self.api(.json(#"{"access_token":"t0ken/1","expires_in":600}"#))
        let client = try await Self.client(Self.oauth2 + "\n    send: { \(send) }", server)
        #expect(await client.create(try Self.job()) == Self.created)
        let request = try #require(server.requests.last)
        #expect(request.line == line && request.headers[header] == value)
        if header != "authorization" { #expect(request.headers["authorization"] == nil) }
    }

    @Test(
        "of OAuth 2 lasts as long as it says, else as the file says",
        arguments: [("", 3600), ("\n    lifetime: 10m", 600), ("\n    lifetime: 10m", 60)])
    func lifetime(more: String, seconds: Int) async throws {
        let told = #"{"access_token":"t0ken-1","expires_in":60}"#, silent = #"{"access_token":"t0ken-1"}"#
        let server = try Self.api(.json(seconds == 60 ? told : silent))
        let store = MemorySessionStore()
        let client = try await Self.client(Self.oauth2 + more, server, store: store)
        #expect(await client.create(try Self.job()) == Self.created)
        let record = await store.read("p").record
        let life = Int((record.expiresAt - record.obtainedAt) / 1000)
        // Counted from the request on.
        #expect(life <= seconds && life > seconds - 20, "\(life)")
    }

    @Test(
        "of OAuth 2 with the code 200 is a refusal if it has an error",
        arguments: [
            (#"{"error":"invalid_grant","error_description":"the code has expired"}"#, "the code has expired"),
            (#"{"error":"invalid_client"}"#, "invalid_client"), (#"{"error":{"reason":"locked"},"access_token":"t0ken-1"}"#, "locked"),
        ])
    func refusal(body: String, words: String) async throws {
        let (failure, lines) = try await Self.failure(Self.oauth2, .json(body))
        #expect(failure.code == "sign-in-refused" && failure.failureClass == .unauthorised && failure.concernsProvider)
        #expect(failure.message.contains("answered 200") && failure.message.contains(words), "\(failure.message)")
        #expect(!failure.mayHaveRun && lines == ["POST /login"])
    }

    @Test("of OAuth 2 is none if its error is null") func noError() async throws {
        let server = try Self.api(.json(#"{"access_token":"t0ken-1","error":null}"#))
        let client = try await Self.client(Self.oauth2, server)
        #expect(await client.create(try Self.job()) == Self.created)
    }

    // MARK: session

    private static let session = """
        auth:
          session:
            request: POST /login
            json: { password: "{{ .secrets.SECRET }}" }
            values: { token: .response.body.token }
            send: { header: { X-Session: "{{ .session.token }}" } }
            errors:
              - { when: '.response.body.code? == "busy"', class: throttled, wait: { header: X-Wait, as: seconds } }
              - { when: '.response.body.code? == "locked"', class: permanent, message: .response.body.why }
              - { when: '.response.body.code? == "down"', class: transient }
              - { when: '.response.body.code? == "known"', class: ok }
        """

    @Test("is throttled by a rule, whatever its HTTP code", arguments: [200, 400, 401]) func throttled(status: Int) async throws {
        let (failure, lines) = try await Self.failure(Self.session, .json(#"{"code":"busy"}"#, status: status, headers: ["X-Wait": "9"]))
        #expect(failure.failureClass == .throttled && failure.code != "sign-in-refused" && !failure.countsAsAttempt)
        #expect(failure.retryAfter == .seconds(9) && lines == ["POST /login"])
    }

    @Test("may pass by a rule") func transient() async throws {
        let (failure, _) = try await Self.failure(Self.session, .json(#"{"code":"down"}"#, status: 403))
        #expect(failure.failureClass == .transient && failure.code == "http-403" && !failure.mayHaveRun)
    }

    @Test("is refused by a rule", arguments: [200, 500]) func refused(status: Int) async throws {
        let (failure, _) = try await Self.failure(Self.session, .json(#"{"code":"locked","why":"too many tries"}"#, status: status))
        #expect(failure.failureClass == .unauthorised && failure.code == "sign-in-refused" && failure.countsAsAttempt)
        #expect(failure.message.contains("answered \(status)") && failure.message.contains("too many tries"), "\(failure.message)")
    }

    @Test("is a success by a rule") func ok() async throws {
        let server = try Self.api(.json(#"{"code":"known","token":"t0ken-1"}"#, status: 409))
        let client = try await Self.client(Self.session, server)
        #expect(await client.create(try Self.job()) == Self.created)
        #expect(server.requests.last?.headers["x-session"] == "t0ken-1")
    }
}
