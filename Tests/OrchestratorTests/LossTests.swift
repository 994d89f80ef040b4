import ExportCore
import JobMessages
import JobStore
import RabbitMQ
import TestServers
import Testing

extension OrchestratorSuites {
    @Suite("survives the loss of") struct LossTests {
        @Test("wakes on their way: the leases bring them back") func wakes() async throws {
            try await OrchestratorFixture.run { fixture in
                let ids = try await fixture.polling(fixture.names(30))
                // The scheduler of an orchestrator that dies after its claims, and a broker that loses what was published.
                var claimed = 0
                try await eventually(within: OrchestratorFixture.deadline, "all timers are claimed") {
                    for partition in 0..<OrchestratorFixture.partitions {
                        let due = try await fixture.store.claim(partition: partition, lease: .seconds(2), watchdog: .seconds(60))
                        claimed += due.messages.reduce(0) { $0 + Wake.decode($1).jobs.count }
                        let messages = due.messages.map { OutgoingMessage(routingKey: QueueNames.checks, body: $0) }
                        #expect(try await fixture.publisher.publish(all: messages).allSatisfy { $0 == .confirmed })
                    }
                    return claimed >= ids.count
                }
                #expect(try await fixture.administrator.purge(QueueNames.checks) > 0)
                #expect(try await fixture.store.counts()[.polling] == ids.count)
                try await fixture.withOrchestrator { _ in try await fixture.reach(.processing, jobs: ids) }
            }
        }

        @Test("download messages: the watchdog publishes them again, each once") func downloads() async throws {
            try await OrchestratorFixture.run { fixture in
                try await fixture.withOrchestrator(OrchestratorFixture.configuration(lease: .seconds(1), watchdog: .seconds(1))) { _ in
                    let ids = try await fixture.submit(fixture.names(10))
                    try await fixture.reach(.processing, jobs: ids)
                    try await eventually(within: OrchestratorFixture.deadline, "all messages stand in the queue") {
                        try await fixture.depth(QueueNames.downloads(.normal)) == 20
                    }
                    #expect(try await fixture.administrator.purge(QueueNames.downloads(.normal)) == 20)
                    let messages = try await fixture.downloads(20)
                    #expect(Set(messages.map { "\($0.id) \($0.task)" }).count == 20)
                    #expect(try await fixture.store.counts()[.processing] == 10)
                }
            }
        }

        @Test("the manifest's message: the watchdog publishes it again") func manifest() async throws {
            try await OrchestratorFixture.run { fixture in
                try await fixture.withOrchestrator(OrchestratorFixture.configuration(lease: .seconds(1), watchdog: .seconds(1))) { _ in
                    let id = try await fixture.submit("a", order: #"{"emptyExport":true}"#)
                    for _ in 0..<2 { #expect(try await fixture.downloads(1).map(\.task) == [.manifest]) }
                    #expect(try await fixture.job(id).state.status == .processing)
                }
            }
        }

        @Test("the waiting list: the jobs' timers put them back") func waitingList() async throws {
            try await OrchestratorFixture.run { fixture in
                let ids = try fixture.names(10).map { try JobID($0).unwrapped("name") }
                let jobs = ids.map { JobRequest(id: $0, provider: "acme") }
                _ = try await fixture.store.admit(jobs, watchdog: .milliseconds(500))
                for partition in 0..<OrchestratorFixture.partitions {
                    _ = try await fixture.redis.send(["DEL", .string("{lh:0\(partition)}:waiting:normal")])
                }
                try await fixture.withOrchestrator { _ in try await fixture.reach(.processing, jobs: ids) }
            }
        }
    }
}
