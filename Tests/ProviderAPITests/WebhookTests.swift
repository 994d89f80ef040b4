import ExportCore
import TestServers
import Testing

@testable import ProviderAPI

@Suite("Webhooks of provider files") struct WebhookTests {
    static let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", other = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
    private static let file = ProviderFileTests.least + "\n"
    private static let webhook = #"webhook: { url: "https://hooks.example.com/x", secrets: ["{{ .secrets.W1 }}", "{{ .secrets.W2 }}"] }"#

    private static let message = WebhookMessage(
        id: "msg_1", job: JobID(valid: "a"), version: 1, provider: "p", tenant: "t", correlationID: "c", status: .completed, createdAt: 0,
        endedAt: 1000, files: 0, filesFailed: 0, error: nil, endpoint: .provider)

    @Test("signs as the example of Standard Webhooks' own tests") func signature() throws {
        let signature = try #require(WebhookSecret(Self.secret)).signature(
            id: "msg_p5jXN8AQM9LWM0D4loKWxJek", timestamp: 1_614_265_330, body: Array(#"{"test": 2432232314}"#.utf8))
        #expect(signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")
    }

    @Test(
        "takes secrets of 24 to 64 bytes in Base64 behind whsec_, and shows none",
        arguments: [
            (secret, true), (other, true), ("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", false), ("whsec_", false), ("whsec_AAAA", false),
            ("whsec_!!!!", false), ("whsec_" + String(repeating: "A", count: 88), false),
            ("whsec_" + String(repeating: "A", count: 84), true),
        ])
    func secrets(text: String, isValid: Bool) {
        #expect((WebhookSecret(text) != nil) == isValid)
        if let secret = WebhookSecret(text) { #expect(!"\(secret) \(String(reflecting: secret))".contains(text.dropFirst(6))) }
    }

    @Test("takes a list of secrets, separated by spaces, lines or commas") func list() {
        #expect(WebhookSecret.list("\(Self.secret), \(Self.other)\n")?.count == 2)
        #expect(WebhookSecret.list("\(Self.secret) nonsense") == nil)
        #expect(WebhookSecret.list(Array(repeating: Self.secret, count: 9).joined(separator: " ")) == nil)
    }

    @Test("sends every attempt with the id, its own time, and a signature of each secret") func request() async throws {
        let client = try await TestProvider.open(Self.file + Self.webhook, secrets: .environment(["W1": Self.secret, "W2": Self.other]))
        #expect(client.definition.webhookStatuses == [.completed, .failed])
        let target = try await client.webhookTarget()
        let request = target.request(Self.message, timestamp: 1_700_000_000)
        let headers = Dictionary(uniqueKeysWithValues: request.headers.map { ($0.name, $0.value) })
        #expect(headers["webhook-id"] == "msg_1" && headers["webhook-timestamp"] == "1700000000")
        #expect(headers["content-type"] == "application/json")
        let signatures = [Self.secret, Self.other].compactMap {
            WebhookSecret($0)?.signature(id: "msg_1", timestamp: 1_700_000_000, body: Self.message.payload)
        }
        #expect(headers["webhook-signature"] == signatures.joined(separator: " "))
        #expect(request.method == .post && request.redirects == .refuse && request.timeouts.whole == .seconds(15))
        #expect(target.origin == "https://hooks.example.com")
    }

    @Test("need nothing of a request to the provider: a missing secret is only theirs") func missing() async throws {
        let client = try await TestProvider.open(Self.file + Self.webhook, secrets: .environment(["W1": Self.secret]))
        #expect(client.missingSecrets == [] && client.webhookProblems.map(\.message) == ["the secret W2 is not set"])
        #expect(client.definition.secretNames == ["W1", "W2"])
        await #expect(throws: WebhookTargetError.self) { try await client.webhookTarget() }
        let wrong = try await TestProvider.open(Self.file + Self.webhook, secrets: .environment(["W1": Self.secret, "W2": "hush"]))
        do {
            _ = try await wrong.webhookTarget()
            Issue.record("it would be sent with a secret that is none")
        } catch {
            #expect(error.code == "bad-webhook-secret" && !error.message.contains("hush"), "\(error)")
        }
    }

    @Test("hide secrets of the URL in what is shown of an answer") func hidden() async throws {
        let yaml =
            Self.file + #"webhook: { url: "https://hooks.example.com/{{ .secrets.W2 }}", secrets: ["{{ .secrets.W1 }}"], on: [failed] }"#
        let client = try await TestProvider.open(yaml, secrets: .environment(["W1": Self.secret, "W2": "t0ken-of-mine"]))
        let target = try await client.webhookTarget()
        #expect(target.url.hasSuffix("/t0ken-of-mine") && client.definition.webhookStatuses == [.failed])
        #expect(target.excerpt(of: Array("no t0ken-of-mine\nhere".utf8)) == "no *** here")
    }

    @Test(
        "are refused with a fix if they would be sent to nowhere, in clear or unsigned",
        arguments: [
            (#"{ url: "http://hooks.example.com/", secrets: ["{{ .secrets.W }}"] }"#, "is not an https:// URL"),
            (#"{ url: "http://127.0.0.1.example.com/", secrets: ["{{ .secrets.W }}"] }"#, "is not an https:// URL"),
            (#"{ url: "https://a.example", secrets: [] }"#, "0 secrets"), (#"{ url: "https://a.example" }"#, "missing"),
            (#"{ url: "https://a.example", secrets: [whsec_abc] }"#, "a secret that stands in the file"),
            (#"{ url: "https://a.example", secrets: ["${W}"] }"#, "is sent as it is"),
            (#"{ url: "https://a.example", secrets: ["{{ .secrets.W }}"], on: [started] }"#, "unknown value \"started\""),
            (#"{ url: "https://a.example", secrets: ["{{ .secrets.W }}"], on: [] }"#, "empty, so nothing would be sent"),
        ])
    func problems(webhook: String, message: String) async {
        let problems = await TestProvider.problems(Self.file + "webhook: \(webhook)")
        #expect(problems.contains { $0.description.contains(message) }, "\(problems)")
    }

    @Test(
        "may be plain http on this machine, where only LONGHAUL_EGRESS lets them go", arguments: ["127.0.0.1:8080", "localhost", "[::1]:9"])
    func local(host: String) async {
        #expect(await TestProvider.problems(Self.file + #"webhook: { url: "http://\#(host)/x", secrets: ["{{ .secrets.W }}"] }"#) == [])
    }
}
