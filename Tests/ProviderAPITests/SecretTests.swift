import ExportCore
import Foundation
import ProviderAPI
import Synchronization
import TestServers
import Testing

@Suite("Secrets")
struct SecretTests {
    static let yaml = """
        provider: p
        baseURL: BASE
        auth: { bearer: "{{ .secrets.TOKEN }}" }
        create:
          request: POST /bots/{{ .secrets.TOKEN }}/exports
          json: { x: "{{ if .parameters.leak then error(.secrets.TOKEN) else 1 end }}" }
          export: { location: .response.body.location }
        status:
          request: GET {{ .export.location }}
          headers: { X-Key: "{{ .secrets.KEY }}", X-Plain: "yes" }
          state: .response.body.s
          states: { ready: DONE, failed: FAILED }
          error: { message: .response.body.why }
        files: { items: .response.body.files }
        """
    static let token = "a/b\"c+d"

    func provider(_ parameters: String = "{}", _ handler: @escaping @Sendable (StubRequest) -> StubResponse) async throws -> TestProvider {
        try await TestProvider(Self.yaml, parameters: parameters, secrets: ["TOKEN": Self.token, "KEY": "k3y"], handler)
    }

    @Test("a failure never contains a secret: not from the URL, an echo in the response, or a filter's error")
    func redacted() async throws {
        let echo = try await provider { _ in .json(#"{"error":"bad token a/b\"c+d"}"#, status: 400) }
        let broken = try await provider(#"{"leak":true}"#) { _ in .json("{}") }
        for provider in [echo, broken] {
            guard case .failed(let failure) = await provider.client.create(provider.job) else {
                Issue.record("no failure")
                return
            }
            #expect(failure.message.contains("***"))
            for form in [Self.token, "a%2Fb%22c%2Bd", #"a/b\"c+d"#] { #expect(!failure.message.contains(form), "\(failure.message)") }
        }
        #expect(echo.server.lines == ["POST /bots/a%2Fb%22c%2Bd/exports"])
        let failed = try await provider { _ in .json(#"{"s":"FAILED","why":"k3y is wrong"}"#) }
        #expect(
            await failed.client.check(failed.job, exportHandle: #"{"location":"/x"}"#)
                == .failed(code: "export-failed", message: "*** is wrong"))
        let unknown = try await provider { _ in .json(#"{"s":"k3y"}"#) }
        #expect(await unknown.client.check(unknown.job, exportHandle: #"{"location":"/x"}"#) == .unknownStatus("***", retryAfter: nil))
    }

    @Test("a secret is found even where the quoted start of an answer ends", arguments: [150, 195, 198, 199])
    func atTheEnd(position: Int) async throws {
        let body = String(repeating: "x", count: position) + Self.token + Self.token
        let provider = try await provider { _ in .text(body, status: 500) }
        guard case .failure(let failure) = await provider.client.check(provider.job, exportHandle: #"{"location":"/x"}"#) else {
            throw Unexpected(body)
        }
        let answer = try #require(failure.answer)
        #expect(answer.start.hasPrefix(String(repeating: "x", count: position) + "*") && !answer.start.contains("a/b"))
        #expect(!failure.message.contains("a/b") && !answer.description.contains("a/b"))
    }

    @Test("for a URL from a response on another host, neither auth nor headers with secrets are sent")
    func otherHost() async throws {
        let other = try StubServer { _ in .json(#"{"s":"DONE"}"#) }
        let provider = try await provider { _ in .json(#"{"s":"DONE"}"#) }
        for url in [other.url + "/x", provider.server.url + "/x"] {
            #expect(
                await provider.client.check(provider.job, exportHandle: "{\"location\":\"\(url)\"}") == .ready(exportHandle: nil, page: nil)
            )
        }
        let leaked = try #require(other.requests.first)
        #expect(leaked.headers["authorization"] == nil && leaked.headers["x-key"] == nil && leaked.headers["x-plain"] == "yes")
        let own = try #require(provider.server.requests.first)
        #expect(own.headers["authorization"] == "Bearer \(Self.token)" && own.headers["x-key"] == "k3y")
    }

    @Test("only the secrets in the file are read; all missing ones are reported with their positions")
    func missing() async throws {
        let asked = Recorder()
        let source = SecretSource { name in
            asked.add(name)
            return nil
        }
        let client = try await TestProvider.open(Self.yaml.replacing("BASE", with: "https://api.example.com"), secrets: source)
        #expect(Set(asked.names) == ["TOKEN", "KEY"])
        #expect(client.missingSecrets == ["KEY", "TOKEN"])
        #expect(
            client.secretProblems.map(\.description) == [
                "test.yaml:3:17: auth.bearer: the secret TOKEN is not set; set TOKEN, or TOKEN_FILE to the path of a file that holds it",
                "test.yaml:10:21: status.headers.X-Key: the secret KEY is not set; set KEY, or KEY_FILE to the path of a file that holds it",
            ])
    }

    @Test("while a secret is missing, nothing is sent; when it is there, it is used")
    func appears() async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("secrets-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appendingPathComponent("token")
        let secrets = ["TOKEN_FILE": file.path, "KEY": "k3y"]
        let provider = try await TestProvider(Self.yaml, secrets: secrets) { request in
            .json(#"{"s":"FAILED","why":"one two k3y"}"#, status: request.headers["authorization"] == "Bearer two" ? 200 : 401)
        }
        let (client, handle) = (provider.client, #"{"location":"/x"}"#)
        guard case .failure(let failure) = await client.check(provider.job, exportHandle: handle) else { throw Unexpected("sent") }
        #expect(failure.failureClass == .unauthorised && failure.code == "missing-secret" && failure.concernsProvider)
        #expect(failure.message.hasPrefix("cannot read the secret TOKEN (") && failure.message.contains("check the path in TOKEN_FILE"))
        #expect(provider.server.requests.isEmpty)
        #expect(await !client.reloadSecrets())

        for (secret, status) in [("one", 401), ("two", 200)] {
            try Data("\(secret)\n".utf8).write(to: file)
            #expect(await client.reloadSecrets())
            #expect(await !client.reloadSecrets())
            #expect(client.missingSecrets.isEmpty && client.secretProblems.isEmpty)
            let outcome = await client.check(provider.job, exportHandle: handle)
            if status == 401, case .failure(let failure) = outcome { #expect(failure.code == "http-401") }
        }
        // The old secret stays hidden.
        #expect(await client.check(provider.job, exportHandle: handle) == .failed(code: "export-failed", message: "*** *** ***"))
    }

    @Test("a secret comes from the environment, or from a file without its final newline")
    func sources() throws {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("secret-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: file) }
        try Data("from file\n".utf8).write(to: file)
        let source = SecretSource.environment(["A": "from environment", "B_FILE": file.path, "C_FILE": "/no/such/file"])
        #expect(try source.value("A") == "from environment")
        #expect(try source.value("B") == "from file")
        #expect(throws: (any Error).self) { try source.value("C") }
        #expect(try source.value("D") == nil)
    }
}

/// Records names from any thread.
final class Recorder: Sendable {
    private let state = Mutex<[String]>([])
    var names: [String] { state.withLock { $0 } }
    func add(_ name: String) { state.withLock { $0.append(name) } }
}
