import ExportCore
import Foundation
import ProviderAPI
import Sandbox
import TestServers
import Testing
import Yams

@testable import longhaul

/// `ops/docs/asyncapi.yaml` against the messages of real jobs.
@Suite("The messages", .needsServers, .timeLimit(.minutes(3))) struct AsyncAPITests {
    private struct Document {
        let messages: [String: [String: Any]]

        init() throws {
            let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            let text = try String(contentsOf: root.appending(path: "ops/docs/asyncapi.yaml"), encoding: .utf8)
            let document = try #require(try Yams.load(yaml: text) as? [String: Any])
            #expect(document["asyncapi"] as? String == "3.1.0")
            let components = try #require(document["components"] as? [String: Any])
            messages = try #require(components["messages"] as? [String: [String: Any]])
        }

        /// What is wrong with a value that a part of a message describes. The validator takes objects only.
        func problems(_ value: Any, _ part: String, of message: String) throws -> [String] {
            guard let schema = messages[message]?[part] else { return [] }
            let wrapped: [String: Any] = ["type": "object", "properties": ["value": schema]]
            let validator = try #require(ParameterSchema(json: try json(wrapped)), "the schema of \(message)")
            return validator.problems(in: try json(["value": value]))
        }

        private func json(_ value: Any) throws -> String {
            String(decoding: try JSONSerialization.data(withJSONObject: value), as: UTF8.self)
        }
    }

    /// The message of the document that a routing key and a body stand for.
    private static func message(_ key: String, _ exchange: String, _ body: Any) -> String? {
        if exchange == "longhaul.events" {
            switch key.prefix(while: { $0 != "." }) {
            case "job": return "jobChanged"
            case "file": return "fileEnded"
            case "act": return "actAsked"
            case "provider": return "breakerChanged"
            default: return nil
            }
        }
        switch key {
        case "longhaul.jobs.dead": return "deadJob"
        case "longhaul.downloads.dead": return "deadDownload"
        case "longhaul.webhooks.dead": return "deadWebhook"
        case "longhaul.checks": return "wake"
        case "longhaul.hints": return "hint"
        case _ where key.hasPrefix("longhaul.jobs."): return "job"
        case _ where key.hasPrefix("longhaul.downloads."): return (body as? [String: Any])?["manifest"] == nil ? "file" : "manifest"
        default: return nil
        }
    }

    @Test("of real jobs are those that ops/docs/asyncapi.yaml describes") func real() async throws {
        let document = try Document()
        let sandbox = SandboxServer(SandboxConfiguration(), logger: Terminal.quietLogger)
        let port = try await sandbox.start()
        try await Installation.run { installation in
            let quick = "breaker: { minimum: 2, openFor: 60s }"
            try installation.writeProvider(baseURL: "http://127.0.0.1:\(port)", more: quick)
            let away = try String(contentsOf: installation.folder.appending(path: "providers/acme.yaml"), encoding: .utf8)
                .replacing("provider: acme", with: "provider: away").replacing("127.0.0.1:\(port)", with: "127.0.0.1:9")
            _ = try installation.write(away, to: "providers/away.yaml")
            #expect(try await installation.longhaul("setup").status == 0)
            let broker = VirtualHost(url: installation.environment["LONGHAUL_RABBITMQ_URL"] ?? "")
            try await broker.trace()
            let setting = ["LONGHAUL_EVENTS": "all", "LONGHAUL_WEBHOOK_SECRETS": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"]
            let callback = (url: "http://127.0.0.1:\(try CallbackTests.freePort())", secret: "twenty-four bytes, or more")
            let receiver = [
                "LONGHAUL_CALLBACK_URL": callback.url, "LONGHAUL_CALLBACK_SECRET": callback.secret,
                "LONGHAUL_CALLBACK_PORT": "\(callback.url.split(separator: ":").last ?? "")",
            ]
            let roles = [
                try installation.start(["orchestrator"], setting: setting), try installation.start(["worker"]),
                try installation.start(["callbacks"], setting: receiver),
            ]
            func submit(_ provider: String, _ id: String, _ parameters: String, _ more: String...) async throws {
                let arguments = ["submit", provider, "--id", id, "--parameters", parameters, "--tenant", "t", "--no-check"]
                _ = try await installation.start(arguments + more).end(within: Installation.deadline)
            }
            try await submit("acme", "good", #"{"files":2,"durationSeconds":0}"#, "--wait")
            try await submit("acme", "bad", #"{"failExport":true,"durationSeconds":0}"#, "--webhook", "https://10.1.2.3/", "--wait")
            try await submit("acme", "lost", #"{"files":1,"durationSeconds":0,"faults":{"download:500":"100%"}}"#, "--wait")
            try await submit("acme", "long", #"{"durationSeconds":600}"#)
            let address = try #require(CallbackAddress(base: callback.url, secret: callback.secret))
            try await eventually(within: Installation.deadline, "a callback is received") {
                (try? await CallbackTests.call(address.url(of: try #require(JobID("long"))))) == 202
            }
            _ = try await installation.longhaul("cancel", "long")
            _ = try await installation.longhaul("retry", "bad")
            for number in 0..<3 { try await submit("away", "away-\(number)", "{}") }
            var missing: Set<String> = [], copies: [[String: Any]] = []
            _ = try? await eventually(within: .seconds(40), "a message of each kind") {
                // The broker's API may fail once while all these programs start; the messages stay in their queue.
                guard let text = try? await broker.traced() else { return false }
                let traced = try? JSONSerialization.jsonObject(with: Data(text.utf8)) as? [[String: Any]]
                copies += traced ?? []
                missing = Set(document.messages.keys).subtracting(["manifest", "wake"])
                for copy in copies { if let name = try Self.read(copy)?.name { missing.remove(name) } }
                return missing.isEmpty
            }
            #expect(missing == [], "no real message of that kind was seen")
            for role in roles {
                role.send(SIGTERM)
                _ = try await role.end(within: Installation.deadline)
            }
            await sandbox.stop()
            for copy in copies {
                guard let (name, body, headers) = try Self.read(copy) else { continue }
                #expect(try document.problems(body, "payload", of: name) == [], "\(name): \(body)")
                #expect(try document.problems(headers, "headers", of: name) == [], "\(name): \(headers)")
            }
        }
    }

    private static func read(_ copy: [String: Any]) throws -> (name: String, body: Any, headers: [String: Any])? {
        let properties = try #require(copy["properties"] as? [String: Any]), trace = try #require(properties["headers"] as? [String: Any])
        let key = (trace["routing_keys"] as? [String])?.first ?? "", text = copy["payload"] as? String ?? ""
        let body = (try? JSONSerialization.jsonObject(with: Data(text.utf8))) ?? text
        let own = (trace["properties"] as? [String: Any])?["headers"] as? [String: Any] ?? [:]
        guard let name = message(key, trace["exchange_name"] as? String ?? "", body) else {
            Issue.record("a message to \(key) that the document does not have")
            return nil
        }
        return (name, body, own)
    }
}
