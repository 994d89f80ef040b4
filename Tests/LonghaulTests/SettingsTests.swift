import Foundation
import Redis
import Testing

@testable import longhaul

private func load(_ environment: [String: String], file: String? = nil) async throws -> Settings {
    try await Settings.load(file: file, environment: environment)
}

/// The message of the problem that `body` throws.
private func problem(_ body: () async throws -> Void) async -> String? {
    do {
        try await body()
        return nil
    } catch let problem as Problem {
        #expect(problem.code.rawValue == 64)
        return problem.message
    } catch {
        return "not a problem: \(error)"
    }
}

@Suite("The settings") struct SettingsTests {
    @Test("have defaults") func defaults() async throws {
        let settings = try await load([:])
        #expect(try settings.duration("LONGHAUL_LEASE", .zero ... .seconds(100)) == .seconds(30))
        #expect(try settings.number("LONGHAUL_TRANSFERS", 1...100) == 32)
        #expect(try settings.text("LONGHAUL_OUTPUT") == nil)
    }

    @Test("come from the environment before the file, and from the file before the defaults") func precedence() async throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "\(UUID()).yaml")
        try "LONGHAUL_TRANSFERS: 3\nLONGHAUL_LEASE: 7s\n".write(to: file, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(at: file) }
        let settings = try await load(["LONGHAUL_LEASE": "9s"], file: file.path)
        #expect(try settings.number("LONGHAUL_TRANSFERS", 1...100) == 3)
        #expect(try settings.duration("LONGHAUL_LEASE", .zero ... .seconds(100)) == .seconds(9))
    }

    @Test("that are unknown are rejected by name") func unknown() async throws {
        #expect(await problem { _ = try await load(["LONGHAUL_LEESE": "1s"]) }?.contains("LONGHAUL_LEESE") == true)
        let file = FileManager.default.temporaryDirectory.appending(path: "\(UUID()).yaml")
        try "TRANSFERS: 3\n".write(to: file, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(at: file) }
        #expect(await problem { _ = try await load([:], file: file.path) }?.contains("TRANSFERS") == true)
    }

    @Test("with an invalid value name themselves and the fix") func badValues() async throws {
        let settings = try await load([
            "LONGHAUL_LEASE": "soon", "LONGHAUL_TRANSFERS": "0", "LONGHAUL_EGRESS": "10.0.0.0/99", "LONGHAUL_OUTPUT": "ftp://x",
            "LONGHAUL_LOG_FORMAT": "xml", "LONGHAUL_REDIS_URL": "http://x", "LONGHAUL_RABBITMQ_URL": "redis://x",
        ])
        let messages = [
            await problem { _ = try settings.duration("LONGHAUL_LEASE", .zero ... .seconds(9)) },
            await problem { _ = try settings.number("LONGHAUL_TRANSFERS", 1...9) },
            await problem { _ = try settings.egress() },
            await problem { _ = try settings.redis(clientName: "x") },
            await problem { _ = try settings.rabbitMQ(connectionName: "x") },
        ]
        let names = ["LONGHAUL_LEASE", "LONGHAUL_TRANSFERS", "LONGHAUL_EGRESS", "LONGHAUL_REDIS_URL", "LONGHAUL_RABBITMQ_URL"]
        for (message, name) in zip(messages, names) { #expect(message?.hasPrefix(name) == true, "\(message ?? "no problem")") }
    }

    @Test("give the secrets of webhooks, in turn, and show none that is malformed") func webhookSecrets() async throws {
        let good = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
        #expect(try await load([:]).webhookSecrets().isEmpty)
        #expect(try await load(["LONGHAUL_WEBHOOK_SECRETS": "\(good), \(good)"]).webhookSecrets().count == 2)
        for bad in ["hush-hush", "\(good) hush-hush", "whsec_aHVzaC1odXNo"] {
            let settings = try await load(["LONGHAUL_WEBHOOK_SECRETS": bad])
            let message = await problem { _ = try settings.webhookSecrets() }
            #expect(message?.hasPrefix("LONGHAUL_WEBHOOK_SECRETS: write up to 8, each whsec_") == true, "\(message ?? "no problem")")
            #expect(message?.contains("hush") == false && message?.contains("aHVza") == false)
        }
    }

    @Test("for TLS reach the configuration of Redis", .enabled(if: RedisConfiguration.supportsTLS, "this hiredis has no TLS"))
    func redisTLS() async throws {
        let files = [
            "LONGHAUL_REDIS_CA_FILE": "/ca.pem", "LONGHAUL_REDIS_CERTIFICATE_FILE": "/client.pem", "LONGHAUL_REDIS_KEY_FILE": "/client.key",
        ]
        let tls = try await load(files.merging(["LONGHAUL_REDIS_URL": "rediss://h"]) { $1 }).redis(clientName: "x").tls
        #expect([tls?.authorityFile, tls?.certificateFile, tls?.keyFile] == ["/ca.pem", "/client.pem", "/client.key"])
        #expect(try await load(files).redis(clientName: "x").tls == nil)
        let half = try await load(["LONGHAUL_REDIS_URL": "rediss://h", "LONGHAUL_REDIS_KEY_FILE": "/client.key"])
        #expect(await problem { _ = try half.redis(clientName: "x") }?.hasPrefix("LONGHAUL_REDIS_CERTIFICATE_FILE") == true)
    }

    @Test(
        "for TLS are rejected with the reason if hiredis does not support TLS",
        .enabled(if: !RedisConfiguration.supportsTLS, "this hiredis has TLS"))
    func noRedisTLS() async throws {
        let settings = try await load(["LONGHAUL_REDIS_URL": "rediss://:s3cret@h"])
        let problem = await problem { _ = try settings.redis(clientName: "x") }
        #expect(problem?.hasPrefix("LONGHAUL_REDIS_URL") == true && problem?.contains("hiredis 1.0") == true)
        #expect(problem?.contains("s3cret") == false)
    }

    @Test("that are secret can come from a file") func secretFile() async throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "\(UUID())")
        try "s3cret\n".write(to: file, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(at: file) }
        let settings = try await load(["AWS_SECRET_ACCESS_KEY_FILE": file.path])
        #expect(try settings.text("AWS_SECRET_ACCESS_KEY") == "s3cret")
        #expect(await problem { _ = try await load(["LONGHAUL_LEASE_FILE": "x"]) } != nil)
    }

    @Test(
        "write times with a unit",
        arguments: [("500ms", 0.5), ("30s", 30), ("5m", 300), ("1.5h", 5400), ("7d", 604_800)])
    func durations(text: String, seconds: Double) { #expect(Duration(setting: text) == .seconds(seconds)) }

    @Test("reject other text as a time", arguments: ["", "5", "s", "-1s", "1w", "infs", "nans", "1e300d"])
    func noDurations(text: String) { #expect(Duration(setting: text) == nil) }

    @Test("are documented on their page as they are defined") func page() throws {
        let page = URL(filePath: #filePath).appending(path: "../../../ops/docs/settings.md").standardized
        #expect(
            try String(contentsOf: page, encoding: .utf8).contains(Setting.reference), "write `longhaul settings --markdown` into the page")
    }
}
