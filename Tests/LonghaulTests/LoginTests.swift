import Crypto
import Foundation
import FoundationNetworking
import TestServers
import Testing

@Suite("longhaul provider login", .needsServers, .serialized, .timeLimit(.minutes(2))) struct LoginTests {
    private static let key = Data(repeating: 9, count: 32).base64EncodedString()

    private static func yaml(_ api: TokenAPI, _ more: String = "") -> String {
        """
        provider: acme
        baseURL: \(api.server.url)
        auth:
          oauth2:
            tokenURL: \(api.server.url)/login
            clientId: "{{ .secrets.ID }}"
            clientSecret: "{{ .secrets.SECRET }}"
            scope: exports.read offline
            login: { authorizationURL: "https://auth.example.com/authorize?a=1", parameters: { prompt: consent } }
            \(more)
        create: { request: POST /x, export: { id: .response.body.id } }
        status: { request: "GET /x/{{ .export.id }}", state: .response.body.s, states: { running: RUN, ready: DONE } }
        files: { request: GET /f, items: .response.body.files }
        polling: { policy: fixed, interval: 300ms }
        """
    }

    private static let secrets = ["ID": "cl1ent", "SECRET": "s3cret", "LONGHAUL_SECRETS_KEY": key]

    /// The address that the command prints.
    private static func page(_ child: ChildProcess) async throws -> URLComponents {
        let text = try await eventually(within: Installation.deadline, "the address of the page") {
            try child.output.split(separator: "\n").first { $0.hasPrefix("https://") }.map(String.init)
        }
        return try #require(URLComponents(string: text))
    }

    /// What a browser does at the end of the page.
    private static func comeBack(_ page: URLComponents, _ query: [String: String]) async throws {
        let items = Dictionary((page.queryItems ?? []).map { ($0.name, $0.value ?? "") }) { first, _ in first }
        var back = try #require(URLComponents(string: items["redirect_uri"] ?? ""))
        back.queryItems = ["state": items["state"] ?? ""].merging(query) { $1 }.map { URLQueryItem(name: $0.key, value: $0.value) }
        _ = try await URLSession.shared.data(from: try #require(back.url))
    }

    private static func login(
        _ installation: Installation, _ file: String, _ arguments: String..., query: [[String: String]] = [["code": "c0de-1"]]
    ) async throws -> (ended: ChildProcess.Ended, page: URLComponents) {
        let child = try installation.start(["provider", "login", file] + arguments, setting: secrets)
        let page = try await page(child)
        for query in query { try await comeBack(page, query) }
        return (try await child.end(within: Installation.deadline), page)
    }

    @Test("asks with PKCE, keeps the token encrypted in the store, and the services go on with it") func store() async throws {
        let api = try TokenAPI(expiresIn: 2)
        defer { api.server.stop() }
        try await Installation.run { installation in
            let file = try installation.write(Self.yaml(api), to: "providers/acme.yaml")
            #expect(try await installation.longhaul("setup").status == 0)
            let (ended, page) = try await Self.login(installation, file)
            #expect(ended.status == 0, "\(ended.output)\(ended.errors)")
            let asked = Dictionary((page.queryItems ?? []).map { ($0.name, $0.value ?? "") }) { first, _ in first }
            #expect(asked["response_type"] == "code" && asked["client_id"] == "cl1ent" && asked["scope"] == "exports.read offline")
            #expect(asked["a"] == "1" && asked["prompt"] == "consent" && asked["code_challenge_method"] == "S256")
            let form = try #require(api.seen.logins.first?.split(separator: "&").map(String.init))
            #expect(form.contains("grant_type=authorization_code") && form.contains("code=c0de-1"))
            let verifier = try #require(form.first { $0.hasPrefix("code_verifier=") }).dropFirst("code_verifier=".count)
            let digest = Data(SHA256.hash(data: Data(verifier.utf8))).base64EncodedString()
            #expect(asked["code_challenge"] == digest.replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: ""))

            let orchestrator = try installation.start(["orchestrator"], setting: Self.secrets)
            defer { orchestrator.send(SIGKILL) }
            #expect(try await installation.longhaul("submit", "acme", "--id", "j", setting: Self.secrets).status == 0)
            try await eventually(within: Installation.deadline, "a renewal with the token of the login") {
                api.seen.logins.dropFirst().contains { $0.contains("refresh_token=r3fresh-1") } && api.seen.requests > 0
            }
            #expect(api.seen.refused == 0)
            let stored = try await Self.redis(installation, "{lh:p:acme}:session")
            #expect(stored.contains("sealed") && !stored.contains("r3fresh") && !stored.contains("t0ken"))
            for secret in ["r3fresh", "t0ken", "s3cret", "c0de"] { #expect(!(ended.output + ended.errors).contains(secret)) }
        }
    }

    private static func redis(_ installation: Installation, _ key: String) async throws -> String {
        let url = installation.environment["LONGHAUL_REDIS_URL"] ?? ""
        return try await ChildProcess.start("/usr/bin/env", ["redis-cli", "-u", url, "HGET", key, "value"]).end(within: .seconds(20)).output
    }

    @Test("writes the token into the file of its secret, for its owner only") func file() async throws {
        let api = try TokenAPI()
        defer { api.server.stop() }
        try await Installation.run { installation in
            let file = try installation.write(Self.yaml(api, #"refreshToken: "{{ .secrets.ACME_REFRESH }}""#), to: "acme.yaml")
            let token = installation.folder.appending(path: "token").path
            let ended = try await Self.login(installation, file, "--save", token).ended
            #expect(ended.status == 0, "\(ended.output)\(ended.errors)")
            #expect(ended.output.contains("ACME_REFRESH_FILE=\(token)"))
            #expect(try String(contentsOfFile: token, encoding: .utf8) == "r3fresh-1\n")
            let mode = try FileManager.default.attributesOfItem(atPath: token)[.posixPermissions] as? Int
            #expect(mode == 0o600)
        }
    }

    @Test("does not take an answer of another attempt, and tells a refusal") func refusal() async throws {
        let api = try TokenAPI()
        defer { api.server.stop() }
        try await Installation.run { installation in
            let file = try installation.write(Self.yaml(api, #"refreshToken: "{{ .secrets.ACME_REFRESH }}""#), to: "acme.yaml")
            let queries = [["state": "other", "code": "forged"], ["error": "access_denied", "error_description": "no thanks"]]
            let ended = try await Self.login(installation, file, "--save", "token", query: queries).ended
            #expect(ended.status == 1)
            #expect(ended.errors.contains("the sign-in was refused: access_denied: no thanks"), "\(ended.errors)")
            #expect(api.seen.logins.isEmpty)
        }
    }

    @Test("says what is missing") func missing() async throws {
        let api = try TokenAPI()
        defer { api.server.stop() }
        try await Installation.run { installation in
            let stored = try installation.write(Self.yaml(api), to: "stored.yaml")
            let saved = try installation.write(Self.yaml(api, #"refreshToken: "{{ .secrets.ACME_REFRESH }}""#), to: "saved.yaml")
            let secrets = ["ID": "cl1ent", "SECRET": "s3cret"]
            var ended = try await installation.longhaul("provider", "login", stored, setting: secrets)
            #expect(ended.status == 64 && ended.errors.contains("LONGHAUL_SECRETS_KEY is not set"), "\(ended.errors)")
            ended = try await installation.longhaul("provider", "login", saved, setting: secrets)
            #expect(ended.status == 64 && ended.errors.contains("--save FILE") && ended.errors.contains("ACME_REFRESH"), "\(ended.errors)")
            ended = try await installation.longhaul("provider", "login", saved, "--save", "t")
            #expect(ended.status == 1 && ended.errors.contains("the secret ID is not set"), "\(ended.errors)")
            ended = try await installation.longhaul("provider", "login", saved, "--save", "t", "--timeout", "1s", setting: secrets)
            #expect(ended.status == 1 && ended.errors.contains("nobody signed in"), "\(ended.errors)")
        }
    }
}
