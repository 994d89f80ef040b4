import ExportCore
import ProviderAPI
import Synchronization
import TestServers
import Testing

@Suite("A session that a rule calls refused")
struct RefusedSessionTests {
    private static let yaml = """
        provider: p
        baseURL: BASE
        auth:
          session:
            request: POST /login
            values: { token: .response.body.token }
            send: { header: { X-Session: "{{ .session.token }}" } }
        errors:
          - { when: '.response.body.code? == "SESSION_EXPIRED"', class: unauthorised }
          - { when: '.response.body.code? == "QUOTA"', class: throttled }
        create: { request: POST /x, export: { id: .response.body.id } }
        status: { request: "GET /x/{{ .export.id }}", state: .response.body.s, states: { running: RUN, ready: DONE } }
        files: { request: GET /f, FILES }
        """
    private static let handle = #"{"id":"1"}"#

    /// An API that answers requests with this until the session with that number.
    private static func provider(
        until number: Int, _ answer: StubResponse, files: String = "items: \".response.body.files[]\""
    ) async throws -> TestProvider {
        let logins = Mutex(0)
        return try await TestProvider(yaml.replacing("FILES", with: files)) { request in
            let count = logins.withLock { count in
                if request.target == "/login" { count += 1 }
                return count
            }
            if request.target == "/login" { return .json("{\"token\":\"session-\(count)\"}") }
            return count < number ? answer : .json(#"{"id":"1","s":"RUN","files":[]}"#)
        }
    }

    /// Whether the step succeeds, and the failure if not.
    private static func run(_ step: String, _ provider: TestProvider) async -> Failure? {
        let (client, job) = (provider.client, provider.job)
        switch step {
        case "create": if case .failed(let failure) = await client.create(job) { return failure }
        case "check": if case .failure(let failure) = await client.check(job, exportHandle: handle) { return failure }
        default: if case .failure(let failure) = await client.files(job, exportHandle: handle) { return failure }
        }
        return nil
    }

    private static let lines = ["create": "POST /x", "check": "GET /x/1", "list": "GET /f"]

    @Test("is renewed, and the request is sent once more", arguments: ["create", "check", "list"], [200, 403]) func renewed(
        step: String, status: Int
    )
        async throws
    {
        let provider = try await Self.provider(until: 2, .json(#"{"code":"SESSION_EXPIRED"}"#, status: status))
        #expect(await Self.run(step, provider) == nil)
        let line = try #require(Self.lines[step])
        #expect(provider.server.lines == ["POST /login", line, "POST /login", line])
        #expect(provider.server.requests.map { $0.headers["x-session"] } == [nil, "session-1", nil, "session-2"])
    }

    @Test("is renewed once, not for ever", arguments: ["create", "check", "list"]) func once(step: String) async throws {
        let provider = try await Self.provider(until: 99, .json(#"{"code":"SESSION_EXPIRED"}"#))
        #expect(await Self.run(step, provider)?.failureClass == .unauthorised)
        #expect(provider.server.lines.count == 4)
    }

    @Test("is none if a rule gives a 401 another class", arguments: ["create", "check", "list"]) func otherClass(step: String) async throws
    {
        let provider = try await Self.provider(until: 99, .json(#"{"code":"QUOTA"}"#, status: 401))
        #expect(await Self.run(step, provider)?.failureClass == .throttled)
        #expect(provider.server.lines.count == 2)
    }

    @Test("is renewed for a download", arguments: [200, 403]) func download(status: Int) async throws {
        let provider = try await Self.provider(until: 2, .json(#"{"code":"SESSION_EXPIRED"}"#, status: status))
        let file = DownloadTarget(url: provider.server.url + "/file")
        _ = try await provider.client.download(file, provider.job, exportHandle: Self.handle)
        #expect(provider.server.lines == ["POST /login", "GET /file", "POST /login", "GET /file"])
    }

    @Test("is renewed for a page of data", arguments: ["data: body", "data: .response.body.s"]) func data(files: String) async throws {
        let provider = try await Self.provider(until: 2, .json(#"{"code":"SESSION_EXPIRED"}"#, status: 403), files: files)
        _ = try await provider.client.dataPage(provider.job, exportHandle: Self.handle, at: DataCursor())
        #expect(provider.server.lines == ["POST /login", "GET /f", "POST /login", "GET /f"])
    }
}
