import ExportCore
import Foundation
import JobMessages
import JobStore
import ProviderAPI
import RabbitMQ
import TestServers
import Testing

extension OrchestratorSuites {
    @Suite("publishes events") struct EventTests {
        private func object(_ delivery: Delivery) throws -> [String: Any] {
            try #require(try JSONSerialization.jsonObject(with: Data(delivery.body)) as? [String: Any])
        }

        @Test("of each change of a job, in order, as CloudEvents") func job() async throws {
            try await OrchestratorFixture.run(sandbox: ["duration": "fixed:300ms"]) { fixture in
                let queue = try await fixture.events("job.#")
                try await fixture.withOrchestrator { _ in
                    let id = try await fixture.submit("a")
                    let events = try await fixture.receive(4, from: queue)
                    let objects = try events.map(object)
                    #expect(
                        events.map(\.routingKey) == [
                            "job.acme.PENDING", "job.acme.POLLING", "job.acme.READY", "job.acme.PROCESSING",
                        ])
                    #expect(events.allSatisfy { $0.properties.contentType == "application/cloudevents+json" })
                    for (event, object) in zip(events, objects) {
                        #expect(object["specversion"] as? String == "1.0")
                        #expect(object["source"] as? String == "/longhaul/jobs")
                        #expect(object["subject"] as? String == id.text)
                        #expect(object["id"] as? String == event.properties.messageID)
                        #expect(object["time"].flatMap { $0 as? String }?.hasSuffix("Z") == true)
                    }
                    #expect(objects[1]["type"] as? String == "longhaul.job.polling")
                    let data = try #require(objects[1]["data"] as? [String: Any])
                    #expect(data["status"] as? String == "POLLING")
                    #expect(data["previousStatus"] as? String == "PENDING")
                    #expect(data["jobId"] as? String == id.text)
                    let sequences = objects.compactMap { $0["sequence"] as? String }
                    #expect(sequences == sequences.sorted() && Set(sequences).count == 4)
                    #expect(Set(objects.compactMap { $0["id"] as? String }).count == 4)
                    try await eventually(within: OrchestratorFixture.deadline, "what is published is forgotten") {
                        try await fixture.store.outboxes(of: (0..<OrchestratorFixture.partitions).map(OutboxSource.partition)).waiting == 0
                    }
                }
            }
        }

        @Test("that happened while no orchestrator was there") func later() async throws {
            try await OrchestratorFixture.run { fixture in
                let queue = try await fixture.events("job.#")
                let request = JobRequest(id: try #require(JobID("early")), provider: "acme", correlationID: "c-1")
                _ = try await fixture.store.admit([request], watchdog: .seconds(600))
                try await fixture.withOrchestrator { _ in
                    let event = try #require(try await fixture.receive(1, from: queue).first)
                    let object = try object(event)
                    #expect(object["correlationid"] as? String == "c-1")
                    #expect(event.properties.correlationID == "c-1")
                }
            }
        }

        @Test("not at all if nobody wants them") func none() async throws {
            try await OrchestratorFixture.run(sandbox: ["duration": "fixed:1h"]) { fixture in
                let queue = try await fixture.events("#")
                var configuration = OrchestratorFixture.configuration()
                configuration.publishesEvents = false
                let sources = (0..<OrchestratorFixture.partitions).map(OutboxSource.partition) + [.provider("late")]
                try await fixture.withOrchestrator(configuration) { running in
                    let id = try await fixture.submit("a")
                    try await fixture.reach(.polling, jobs: [id])
                    // A provider whose file comes while the orchestrator runs.
                    let file = try ProviderSource(
                        yaml: fixture.yaml.replacing("provider: acme", with: "provider: late"), file: "late.yaml")
                    let client = try await ProviderClient.open(file, http: fixture.http, on: fixture.thread, secrets: .environment([:]))
                    try await running.service.files.replace(client)
                    var health = ProviderHealth()
                    health.breaker.hold(code: "http-401", message: "refused", policy: BreakerPolicy(), now: 1)
                    #expect(try await fixture.store.setHealth(health, of: "late", read: 0, before: ProviderHealth(), by: "test"))
                    #expect(try await fixture.store.outboxes(of: sources).waiting == 0)
                }
                #expect(try await fixture.store.outboxes(of: sources).waiting == 0)
                #expect(try await fixture.depth(queue) == 0)
            }
        }

        @Test("and never at the cost of jobs: not even if the exchange is gone") func missing() async throws {
            try await OrchestratorFixture.run(sandbox: ["duration": "fixed:100ms"]) { fixture in
                try await fixture.administrator.delete(exchange: QueueNames.events)
                try await fixture.withOrchestrator { _ in
                    let ids = try await fixture.submit(fixture.names(5))
                    try await fixture.reach(.processing, jobs: ids)
                    let sources = (0..<OrchestratorFixture.partitions).map(OutboxSource.partition)
                    #expect(try await fixture.store.outboxes(of: sources).waiting > 0, "they wait")
                    // A queue that is bound only now may miss the first ones.
                    try await fixture.administrator.declare(ExchangeDeclaration(QueueNames.events, type: .topic))
                    // The channel is opened again with backoff.
                    try await eventually(within: .seconds(90), "the events are published") {
                        try await fixture.store.outboxes(of: sources).waiting == 0
                    }
                }
            }
        }
    }
}
