import ExportCore
import Foundation
import JobStore
import TestServers
import Testing

@testable import Telemetry

extension OrchestratorSuites {
    @Suite("where Redis lets its user do less than it needs") struct PermissionTests {
        @Test("is not ready and says what was refused, and goes on when it may") func denied() async throws {
            try await OrchestratorFixture.run { fixture in
                try await StoreLayout(partitions: OrchestratorFixture.partitions).setUp(fixture.redis)
                let user = "orchestrator-\(UUID().uuidString)"
                _ = try await fixture.redis.send(["ACL", "SETUSER", .string(user), "on", ">secret", "~*", "+@all"])
                var limited = fixture.redisConfiguration
                (limited.username, limited.password) = (user, "secret")
                try await fixture.withOrchestrator(OrchestratorFixture.configuration(lease: .seconds(4)), redis: limited) { orchestrator in
                    let id = try await fixture.submit("a", order: #"{"durationSeconds":1}"#)
                    try await fixture.reach(.polling, jobs: [id])
                    #expect(try await store(orchestrator) == .healthy("nothing was refused"))
                    // Some part of each decision's script, and nothing that claims need.
                    _ = try await fixture.redis.send(["ACL", "SETUSER", .string(user), "-hset"])
                    let status = try await eventually(within: OrchestratorFixture.deadline, "it is not ready") {
                        let status = try await store(orchestrator)
                        return status?.isHealthy == false ? status : nil
                    }
                    #expect(status.detail.contains("apply"), "\(status.detail)")
                    #expect(try await fixture.job(id).state.status == .polling)
                    _ = try await fixture.redis.send(["ACL", "SETUSER", .string(user), "+hset"])
                    try await fixture.reach(.processing, jobs: [id])
                }
                _ = try await fixture.redis.send(["ACL", "DELUSER", .string(user)])
            }
        }

        @Test("or where the store was emptied is not ready, and says so") func emptied() async throws {
            try await OrchestratorFixture.run { fixture in
                try await StoreLayout(partitions: OrchestratorFixture.partitions).setUp(fixture.redis)
                try await fixture.withOrchestrator(OrchestratorFixture.configuration(lease: .seconds(4))) { orchestrator in
                    #expect(try await store(orchestrator)?.isHealthy == true)
                    _ = try await fixture.redis.send(["RENAME", "lh:meta", "away"])
                    let emptied = try await store(orchestrator)
                    #expect(
                        emptied?.isHealthy == false && emptied?.detail.contains("longhaul setup") == true, "\(String(describing: emptied))")
                    _ = try await fixture.redis.send(["RENAME", "away", "lh:meta"])
                    #expect(try await store(orchestrator)?.isHealthy == true)
                }
            }
        }

        private func store(_ orchestrator: RunningOrchestrator) async throws -> HealthStatus? {
            let check = try orchestrator.service.readiness().first { $0.name == "store" }.unwrapped("check")
            return await check.ask()
        }
    }
}
