import ExportCore
import JobMessages
import Redis
import TestServers
import Testing

extension OrchestratorSuites {
    @Suite("beside another one") struct SideBySideTests {
        @Test("does its share, and each job is handled once") func once() async throws {
            try await OrchestratorFixture.run { fixture in
                let a = try await fixture.start(OrchestratorFixture.configuration("a"))
                let b = try await fixture.start(OrchestratorFixture.configuration("b"))
                let ids = try await fixture.submit(fixture.names(300))
                try await fixture.reach(.processing, jobs: ids)
                let messages = try await fixture.downloads(600)
                #expect(Set(messages.map { "\($0.id) \($0.task)" }).count == 600)
                try await a.shutDown()
                try await b.shutDown()
                let requests = try await fixture.statistics().requests
                #expect(requests["create"] == 300)
                #expect(requests["status"] == 300)
                #expect(requests["files"] == 300)
                #expect(try await fixture.depth(QueueNames.downloads(.normal)) == 0)
            }
        }

        @Test("leaves alone what that one waits for, however long an answer takes") func extendedLease() async throws {
            try await OrchestratorFixture.run { fixture in
                let a = try await fixture.start(OrchestratorFixture.configuration("a", lease: .seconds(1), shutdownGrace: .zero))
                let id = try await fixture.submit("a", order: #"{"faults":{"status:hang":1}}"#)
                try await eventually(within: OrchestratorFixture.deadline, "the check hangs") {
                    try await fixture.statistics().hanging == 1
                }
                try await fixture.withOrchestrator(OrchestratorFixture.configuration("b", lease: .seconds(1))) { _ in
                    let version = try await fixture.job(id).version
                    var leases: Set<String> = []
                    let due: RedisArgument = .string("{lh:0\(id.partition(of: OrchestratorFixture.partitions))}:due")
                    try await eventually(within: OrchestratorFixture.deadline, "the lease is extended past three of its lengths") {
                        leases.insert(try await fixture.redis.send(["ZSCORE", due, .string(id.text)]).text ?? "")
                        return leases.count > 10
                    }
                    #expect(try await fixture.job(id).version == version)
                    #expect(try await fixture.statistics().requests["status"] == 1)
                    await a.cancel()
                    try await fixture.reach(.processing, jobs: [id])
                }
            }
        }

        @Test("takes over the jobs that the other had in progress when it dies") func takeOver() async throws {
            try await OrchestratorFixture.run { fixture in
                let a = try await fixture.start(OrchestratorFixture.configuration("a", lease: .seconds(2), shutdownGrace: .zero))
                // The first check of each export is never answered.
                let ids = try await fixture.submit(fixture.names(30), order: #"{"faults":{"status:hang":1}}"#)
                try await eventually(within: OrchestratorFixture.deadline, "all checks hang") {
                    try await fixture.statistics().hanging == 30
                }
                await a.cancel()
                #expect(try await fixture.store.counts()[.polling] == 30)
                try await fixture.withOrchestrator(OrchestratorFixture.configuration("b", lease: .seconds(2))) { _ in
                    try await fixture.reach(.processing, jobs: ids)
                }
                #expect(try await fixture.statistics().exports.created == 30)
            }
        }

        @Test("takes over creations, too") func takeOverCreations() async throws {
            try await OrchestratorFixture.run { fixture in
                let a = try await fixture.start(OrchestratorFixture.configuration("a", lease: .seconds(2), shutdownGrace: .zero))
                let ids = try await fixture.submit(fixture.names(10), order: #"{"faults":{"create:hang":1}}"#)
                try await eventually(within: OrchestratorFixture.deadline, "all creations hang") {
                    try await fixture.statistics().hanging == 10
                }
                await a.cancel()
                try await fixture.withOrchestrator(OrchestratorFixture.configuration("b", lease: .seconds(2))) { _ in
                    try await fixture.reach(.processing, jobs: ids)
                }
                #expect(try await fixture.statistics().exports.created == 10)
            }
        }

        @Test("hands over by a graceful shutdown: finishes the work in progress, takes nothing more, leaves the list") func handOver()
            async throws
        {
            try await OrchestratorFixture.run(sandbox: ["duration": "fixed:2s"]) { fixture in
                let a = try await fixture.start(OrchestratorFixture.configuration("a", lease: .seconds(60), watchdog: .seconds(60)))
                let b = try await fixture.start(OrchestratorFixture.configuration("b", lease: .seconds(60), watchdog: .seconds(60)))
                let ids = try await fixture.submit(fixture.names(100))
                try await fixture.reach(.polling, .ready, .processing, jobs: ids)
                try await a.shutDown()
                #expect(try await fixture.redis.send(["ZSCORE", "lh:orchestrators", "a"]) == .null)
                // Well within the lease: nothing was left for it.
                try await fixture.reach(.processing, jobs: ids)
                try await b.shutDown()
                #expect(try await fixture.redis.send(["ZCARD", "lh:orchestrators"]).int == 0)
                #expect(try await fixture.statistics().exports.created == 100)
            }
        }

        @Test("ends in time, though a provider never answers", arguments: ["create", "status"])
        func endsInTime(point: String) async throws {
            try await OrchestratorFixture.run { fixture in
                // No room for anything more than what hangs.
                let a = try await fixture.start(
                    OrchestratorFixture.configuration("a", wakesInFlight: 1, createsInFlight: 1, shutdownGrace: .milliseconds(200)))
                try await fixture.submit(fixture.names(3), order: #"{"faults":{"\#(point):hang":1}}"#)
                try await eventually(within: OrchestratorFixture.deadline, "a request hangs") { try await fixture.statistics().hanging > 0 }
                let begin = ContinuousClock.now
                try await a.shutDown()
                // The provider's own limit is 30 s.
                #expect(ContinuousClock.now - begin < .seconds(15))
            }
        }
    }
}
