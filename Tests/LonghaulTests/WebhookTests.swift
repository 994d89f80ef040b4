import Foundation
import TestServers
import Testing

@testable import longhaul

/// The whole program against a receiver that verifies with `standardwebhooks`, the library of Standard Webhooks for Python.
@Suite("Webhooks", .needsServers, .serialized, .timeLimit(.minutes(5))) struct WebhookTests {
    private static let secrets = [
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
        "whsec_ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8=",
    ]

    /// Adds an endpoint to the provider file.
    private static func subscribe(_ installation: Installation, _ path: String, of receiver: WebhookReceiver) throws {
        let file = installation.folder.appending(path: "providers/acme.yaml")
        let text = try String(contentsOf: file, encoding: .utf8).split(separator: "webhook:")[0]
        let line =
            "webhook: { url: \"http://127.0.0.1:\(receiver.port)/\(path)\", secrets: [\"{{ .secrets.W1 }}\", \"{{ .secrets.W2 }}\"] }\n"
        _ = try installation.write(text + line, to: "providers/acme.yaml")
    }

    private static func submit(_ name: String, _ parameters: String, webhook: String? = nil, _ installation: Installation) async throws {
        let ended = try await installation.start(
            ["submit", "acme", "--id", name, "--parameters", parameters] + (webhook.map { ["--webhook", $0] } ?? [])
        ).end(within: Installation.deadline)
        #expect(ended.status == 0, "\(ended.errors)")
    }

    private static let failing = #"{"failExport":true,"durationSeconds":0}"#

    private static func letters(_ count: Int, _ installation: Installation) async throws -> [[String: Any]] {
        try await eventually(within: Installation.deadline, "\(count) dead letters") {
            let listed = try await installation.longhaul("dead-letters", "list", "--queue", "webhooks", "--json").objects()
            return listed.count >= count ? listed : nil
        }
    }

    private static func end(_ roles: ChildProcess..., with signal: Int32 = SIGTERM) async throws {
        for role in roles {
            role.send(signal)
            let ended = try await role.end(within: Installation.deadline)
            #expect(ended.status == (signal == SIGTERM ? 0 : signal), "\(ended.errors)")
            for secret in secrets { #expect(!(ended.output + ended.errors).contains(secret.dropFirst(6)), "a secret is in the log") }
        }
    }

    @Test("tell a completed job to its own URL and to the provider's endpoint, verified by each secret, also after a rotation")
    func verified() async throws {
        let certificates = try Certificates()
        defer { certificates.remove() }
        let own = try await WebhookReceiver.start(
            secrets: Self.secrets, tls: (certificates.path("server.pem"), certificates.path("server.key")))
        let endpoint = try await WebhookReceiver.start(secrets: Self.secrets)
        try await RoleTests.run { installation in
            try Self.subscribe(installation, "ok", of: endpoint)
            let setting = [
                "LONGHAUL_CA_FILE": certificates.path("ca.pem"), "LONGHAUL_WEBHOOK_SECRETS": Self.secrets[1...].joined(separator: " "),
                "W1_FILE": try installation.write(Self.secrets[0], to: "w1"), "W2_FILE": try installation.write(Self.secrets[1], to: "w2"),
            ]
            let orchestrator = try installation.start(["orchestrator"], setting: setting)
            let worker = try installation.start(["worker"])
            try await Self.submit("a", #"{"files":2,"durationSeconds":0}"#, webhook: "https://127.0.0.1:\(own.port)/ok", installation)
            let told = try #require(try await own.receive(1).first), toldEndpoint = try #require(try await endpoint.receive(1).first)
            #expect(told.verifiedBy == [1, 2] && toldEndpoint.verifiedBy == [0, 1])
            #expect(told.id == toldEndpoint.id && told.body == toldEndpoint.body)
            let json = try told.json(), data = try #require(json["data"] as? [String: Any])
            #expect(json["type"] as? String == "longhaul.job.completed" && json["timestamp"] as? String != nil)
            #expect(data["jobId"] as? String == "a" && data["status"] as? String == "COMPLETED" && data["files"] as? Int == 2)
            let manifest = try #require(data["manifest"] as? String)
            #expect(FileManager.default.fileExists(atPath: installation.folder.appending(path: "out/\(manifest)").path), "\(manifest)")

            _ = try installation.write(Self.secrets[2], to: "w1")
            var jobs = 0
            let rotated = try await eventually(within: Installation.deadline, "the new secret signs") {
                jobs += 1
                try await Self.submit("rotated-\(jobs)", Self.failing, installation)
                return try await endpoint.receive(jobs + 1).last.flatMap { $0.verifiedBy.contains(0) ? nil : $0 }
            }
            #expect(rotated.verifiedBy == [1, 2])
            #expect(try own.messages.count == 1, "jobs without a webhook")
            try await Self.end(orchestrator, worker)
        }
        try await own.stop()
        try await endpoint.stop()
    }

    @Test("stop when the receiver answers 410, say so, and go on after a resume; the dead letter is redriven with its id") func gone()
        async throws
    {
        let receiver = try await WebhookReceiver.start(secrets: Self.secrets)
        try await RoleTests.run { installation in
            try Self.subscribe(installation, "gone", of: receiver)
            let setting = ["W1": Self.secrets[0], "W2": Self.secrets[1]]
            let orchestrator = try installation.start(["orchestrator"], setting: setting)
            try await Self.submit("a", Self.failing, installation)
            let letter = try #require(try await Self.letters(1, installation).first)
            #expect(letter["reason"] as? String == "http-410" && letter["kind"] as? String == "webhook" && letter["solved"] == nil)
            #expect((letter["explanation"] as? String)?.hasSuffix("answered 410: nobody is here any more") == true, "\(letter)")
            try await Self.submit("b", Self.failing, installation)
            let shown = try await eventually(within: Installation.deadline, "the second job is skipped") {
                let shown = try await installation.longhaul("provider", "show", "acme", "--json").objects().first
                return (shown?["disabledWebhook"] as? [String: Any]).flatMap { $0["skipped"] as? Int == 1 ? $0 : nil }
            }
            #expect((shown["reason"] as? String)?.contains("answered 410") == true)
            #expect(try await installation.longhaul("provider", "show", "acme").output.contains("its webhook endpoint is disabled"))
            let doctor = try await installation.longhaul("doctor", setting: setting)
            #expect(doctor.output.contains("its webhook endpoint is disabled"), "\(doctor.output)")
            #expect(try receiver.messages.count == 1)

            let resumed = try await installation.longhaul("provider", "resume", "acme", "--json").objects()
            #expect(resumed.map { $0["outcome"] as? String } == ["resumed"])
            try Self.subscribe(installation, "ok", of: receiver)
            let redriven = try await eventually(within: Installation.deadline, "the redriven message goes to the new URL") {
                let dry = try await installation.longhaul("dead-letters", "redrive", "--queue", "webhooks", "--dry-run", "--json").objects()
                if !dry.isEmpty { _ = try await installation.longhaul("dead-letters", "redrive", "--queue", "webhooks", "--json") }
                // The file may not have been read again yet; then it is a dead letter once more.
                return try receiver.messages.first { $0.path == "/ok" }
            }
            #expect(
                try redriven.id == receiver.messages[0].id && redriven.body == receiver.messages[0].body && redriven.verifiedBy == [0, 1])
            try await Self.end(orchestrator)
        }
        try await receiver.stop()
    }

    @Test("follow no redirect, and go to no private address that LONGHAUL_EGRESS does not list") func guarded() async throws {
        let certificates = try Certificates()
        defer { certificates.remove() }
        let receiver = try await WebhookReceiver.start(
            secrets: Self.secrets, tls: (certificates.path("server.pem"), certificates.path("server.key")))
        try await RoleTests.run { installation in
            let setting = ["LONGHAUL_CA_FILE": certificates.path("ca.pem"), "LONGHAUL_WEBHOOK_SECRETS": Self.secrets[0]]
            let orchestrator = try installation.start(["orchestrator"], setting: setting)
            try await Self.submit("moved", Self.failing, webhook: "https://127.0.0.1:\(receiver.port)/moved", installation)
            try await Self.submit("private", Self.failing, webhook: "https://10.1.2.3/x?token=t0ken", installation)
            let letter = try #require(try await Self.letters(1, installation).first)
            #expect(letter["exportJobId"] as? String == "private" && letter["reason"] as? String == "refused-address")
            #expect(letter["attempts"] as? Int == 1, "it is not tried again")
            #expect(!"\(letter["explanation"] ?? "")".contains("t0ken"))
            // The second attempt shows that the redirect was a failure; a GET would be no message.
            let messages = try await receiver.receive(2)
            #expect(messages.map(\.path) == ["/moved", "/moved"] && messages[0].id == messages[1].id)
            try await Self.end(orchestrator)
        }
        try await receiver.stop()
    }

    @Test("are sent again with the same id if the orchestrator is killed after it has sent one") func killed() async throws {
        let certificates = try Certificates()
        defer { certificates.remove() }
        let hold = FileManager.default.temporaryDirectory.appending(path: "hold-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: hold) }  // it may not be there yet
        let receiver = try await WebhookReceiver.start(
            secrets: Self.secrets, tls: (certificates.path("server.pem"), certificates.path("server.key")), hold: hold.path)
        try await RoleTests.run { installation in
            let setting = ["LONGHAUL_CA_FILE": certificates.path("ca.pem"), "LONGHAUL_WEBHOOK_SECRETS": Self.secrets[0]]
            let first = try installation.start(["orchestrator"], setting: setting)
            try await Self.submit("a", Self.failing, webhook: "https://127.0.0.1:\(receiver.port)/held", installation)
            _ = try await receiver.receive(1)
            try await Self.end(first, with: SIGKILL)
            try Data().write(to: hold)
            let second = try installation.start(["orchestrator"], setting: setting)
            let messages = try await receiver.receive(2)
            #expect(messages[0].id == messages[1].id && messages[0].body == messages[1].body && messages[1].verifiedBy == [0])
            try await eventually(within: Installation.deadline, "the second one is stored") {
                try await !installation.longhaul("doctor", "--json", setting: setting).output.contains("not delivered yet")
            }
            #expect(try receiver.messages.count == 2)
            try await Self.end(second)
        }
        try await receiver.stop()
    }
}
