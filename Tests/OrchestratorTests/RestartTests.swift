import ExportCore
import JobMessages
import TestServers
import Testing

@testable import Orchestrator

extension OrchestratorSuites {
    @Suite("carries on by itself after") struct RestartTests {
        static let servers: [TestServer] = [.rabbitmq, .redis]

        @Test("a crash of a server while jobs run", arguments: servers)
        func crash(server: TestServer) async throws {
            try await ServerGroup.run(Self.servers) { servers in
                try await OrchestratorFixture.run(on: servers, sandbox: ["duration": "uniform:1s..4s"]) { fixture in
                    let configuration = OrchestratorFixture.configuration(lease: .seconds(2), watchdog: .seconds(3))
                    try await fixture.withOrchestrator(configuration) { orchestrator in
                        let ids = try await fixture.submit(fixture.names(100))
                        try await fixture.reach(.polling, .ready, .processing, jobs: ids)
                        try await servers.kill(server)
                        try await servers.start(server)
                        // Mostly half a minute; on a busy machine a minute was too short once, and nobody knows why yet.
                        try await fixture.reach(.processing, jobs: ids, within: .seconds(120))
                        // What came in before, during or after is handled: the loops turn.
                        let later = try await fixture.submit(fixture.names(10, "later"), order: #"{"durationSeconds":0}"#)
                        try await fixture.reach(.processing, jobs: later, within: .seconds(60))
                        try await eventually(within: .seconds(60), "each file has its message") {
                            try await fixture.depth(QueueNames.downloads(.normal)) >= 220
                        }
                    }
                    #expect(try await fixture.statistics().exports.created == 110)
                }
            }
        }

        @Test("or, while Redis is gone, ends in time and leaves the jobs in their queues") func shutdownWithoutRedis() async throws {
            try await ServerGroup.run(Self.servers) { servers in
                try await OrchestratorFixture.run(on: servers) { fixture in
                    let orchestrator = try await fixture.start(OrchestratorFixture.configuration())
                    try await fixture.reach(.processing, jobs: [fixture.submit("a")])
                    try await servers.kill(.redis)
                    try await fixture.submit(fixture.names(10))
                    try await eventually(within: OrchestratorFixture.deadline, "the jobs are in progress") {
                        await orchestrator.service.jobs.unsettled == 10
                    }
                    let begin = ContinuousClock.now
                    try await orchestrator.shutDown()
                    #expect(ContinuousClock.now - begin < .seconds(40))
                    try await eventually(within: OrchestratorFixture.deadline, "the broker has them back") {
                        try await fixture.depth(QueueNames.jobs(.normal)) == 10
                    }
                    try await servers.start(.redis)
                }
            }
        }
    }
}
