import ExportCore
import Foundation
import JobMessages
import JobStore
import ProviderAPI
import RabbitMQ
import TestServers
import Testing

@testable import Orchestrator

extension OrchestratorSuites {
    @Suite("sends webhooks") struct WebhookTests {
        private static let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

        private static func configuration(_ schedule: WebhookSchedule) -> OrchestratorConfiguration {
            var configuration = OrchestratorFixture.configuration()
            configuration.webhookSecrets = [WebhookSecret(secret)].compactMap(\.self)
            configuration.webhooks.schedule = schedule
            return configuration
        }

        private static func run(
            _ schedule: WebhookSchedule, hold: String? = nil, _ body: (OrchestratorFixture, WebhookReceiver) async throws -> Void
        ) async throws {
            let receiver = try await WebhookReceiver.start(secrets: [secret], hold: hold)
            try await OrchestratorFixture.run { fixture in
                try await fixture.withOrchestrator(configuration(schedule)) { _ in try await body(fixture, receiver) }
            }
            try await receiver.stop()
        }

        /// A job that fails, and tells it to a path of the receiver. Job messages have only https URLs.
        private static func fail(_ name: String, telling path: String, of receiver: WebhookReceiver, _ fixture: OrchestratorFixture)
            async throws
        {
            let id = try #require(JobID(name))
            let request = JobRequest(
                id: id, provider: "acme", parameters: #"{"failExport":true}"#, webhook: "http://127.0.0.1:\(receiver.port)/\(path)")
            #expect(try await fixture.store.admit([request], watchdog: .seconds(60)) == [.admitted])
        }

        private static func delivered(_ fixture: OrchestratorFixture) async throws {
            try await eventually(within: OrchestratorFixture.deadline, "no message waits") {
                try await fixture.store.webhookBacklog().waiting == 0
            }
        }

        @Test("again until they are accepted, by the schedule, each time with the same id and body, and a signature of its own")
        func again()
            async throws
        {
            // 5 ms, 300 ms, 1.8 s.
            try await Self.run(WebhookSchedule.standard.scaled(by: 0.001)) { fixture, receiver in
                try await Self.fail("a", telling: "fails/2", of: receiver, fixture)
                let messages = try await receiver.receive(3)
                try await Self.delivered(fixture)
                #expect(try receiver.messages.count == 3)
                #expect(messages.map(\.attempt) == [1, 2, 3] && messages.allSatisfy { $0.verifiedBy == [0] })
                #expect(Set(messages.map(\.id)).count == 1 && Set(messages.map(\.body)).count == 1)
                #expect(messages[2].at - messages[1].at >= 0.27 && messages[1].at - messages[0].at < 0.25)
                let json = try messages[0].json(), data = try #require(json["data"] as? [String: Any])
                #expect(json["type"] as? String == "longhaul.job.failed" && data["jobId"] as? String == "a")
                #expect((data["error"] as? [String: String])?["code"] == "quota-exceeded")
                #expect(messages[0].headers["user-agent"] == "longhaul" && messages[0].headers["content-type"] == "application/json")
                #expect(try await fixture.depth(QueueNames.deadWebhooks) == 0)
            }
        }

        @Test("which are given up after the last attempt as dead letters, and start over when they are redriven") func dead() async throws {
            try await Self.run(WebhookSchedule(delays: [.milliseconds(5), .milliseconds(5)], longestRetryAfter: .zero)) {
                fixture, receiver in
                try await Self.fail("a", telling: "fails/3", of: receiver, fixture)
                let delivery = try #require(try await fixture.receive(1, from: QueueNames.deadWebhooks).first)
                let messages = try receiver.messages, letter = DeadLetterRecord(delivery)
                #expect(messages.count == 3)
                #expect((letter.kind, letter.reason, letter.attempts) == (.webhook, "http-500", 3))
                #expect(letter.explanation == "POST http://127.0.0.1:\(receiver.port) answered 500: no")
                #expect((letter.provider, letter.job?.text) == ("acme", "a"))
                #expect(try #require(letter.firstFailure) <= #require(letter.lastFailure))
                try await Self.delivered(fixture)
                // A letter's URL is https; this one is the test's own.
                let text = String(decoding: delivery.body, as: UTF8.self).replacing("http://", with: "https://")
                var message = try #require(WebhookLetter.message(Array(text.utf8)))
                message.endpoint = .job(url: "http://127.0.0.1:\(receiver.port)/fails/3")
                #expect(try await fixture.store.restore(message))
                let again = try await receiver.receive(4)
                try await Self.delivered(fixture)
                #expect(again[3].id == messages[0].id && again[3].body == messages[0].body && again[3].attempt == 4)
            }
        }

        @Test("as late as a receiver asks with 503 and Retry-After") func later() async throws {
            try await Self.run(WebhookSchedule(delays: [.milliseconds(5)], longestRetryAfter: .seconds(60))) { fixture, receiver in
                try await Self.fail("a", telling: "later/1", of: receiver, fixture)
                let messages = try await receiver.receive(2)
                try await Self.delivered(fixture)
                #expect(messages[1].at - messages[0].at >= 0.99)
            }
        }

        @Test("to the others while one receiver does not answer, and jobs go on") func slow() async throws {
            let hold = FileManager.default.temporaryDirectory.appending(path: "hold-\(UUID().uuidString)")
            try await Self.run(.standard, hold: hold.path) { fixture, slow in
                let other = try await WebhookReceiver.start(secrets: [Self.secret])
                for number in 0..<20 { try await Self.fail("slow-\(number)", telling: "held", of: slow, fixture) }
                _ = try await slow.receive(8)
                try await Self.fail("quick", telling: "ok", of: other, fixture)
                _ = try await other.receive(1, within: .seconds(10))
                #expect(try slow.messages.count == 8, "the others of the slow one have no place")
                try await fixture.reach(.processing, jobs: [fixture.submit("job")], within: .seconds(10))
                try Data().write(to: hold)
                _ = try await slow.receive(20)
                try await Self.delivered(fixture)
                #expect(try Set(slow.messages.map(\.id)).count == 20)
                try await other.stop()
            }
            try FileManager.default.removeItem(at: hold)
        }

        @Test("never unsigned: without a secret a job with a webhook is refused, and says what to do") func unsigned() async throws {
            try await OrchestratorFixture.run { fixture in
                try await fixture.withOrchestrator { _ in
                    try await fixture.publish([#"{"exportJobId":"a","provider":"acme","webhook":"https://hooks.example.com/"}"#])
                    let letter = DeadLetterRecord(try #require(try await fixture.receive(1, from: QueueNames.deadJobs).first))
                    #expect(letter.reason == "no-webhook-secret" && letter.explanation.contains("set LONGHAUL_WEBHOOK_SECRETS"))
                    #expect(try await fixture.store.job(#require(JobID("a"))) == nil)
                }
            }
        }
    }
}
