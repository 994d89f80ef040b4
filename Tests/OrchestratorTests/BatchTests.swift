import ExportCore
import JobMessages
import TestServers
import Testing

extension OrchestratorSuites {
    @Suite("asks for many exports at once") struct BatchTests {
        private static let status = """
            status: { request: "GET /exports/{{ .export.id }}", state: .response.body.status, progress: .response.body.percent, export: { listed: .response.body.id }, \
            states: { queued: [IN_QUEUE], running: [IN_PROGRESS], ready: [DONE], empty: [NO_DATA], failed: [FATAL, CANCELLED] }, \
            batch: { request: GET /exports, query: { ids: '{{ .ids | join(",") }}' }, items: .response.body.exports, id: .item.id, size: 20 } }
            """

        @Test("with as few requests as fit, and decides each job by its item") func together() async throws {
            try await OrchestratorFixture.run(provider: [Self.status]) { fixture in
                let ids = try await fixture.submit(fixture.names(100))
                try await fixture.withOrchestrator(OrchestratorFixture.configuration("a")) { _ in
                    try await fixture.reach(.processing, jobs: ids)
                }
                let requests = try await fixture.statistics().requests
                #expect(requests["status"] ?? 0 == 0)
                #expect((5...50).contains(requests["find"] ?? 0), "\(requests)")
            }
        }

        @Test("and on its own for one that the answer leaves out") func missing() async throws {
            try await OrchestratorFixture.run(provider: [Self.status]) { fixture in
                var ids = try await fixture.submit(fixture.names(10))
                ids.append(try await fixture.submit("faulty", order: #"{"faults":{"status:500":1}}"#))
                try await fixture.withOrchestrator(OrchestratorFixture.configuration("a")) { _ in
                    try await fixture.reach(.processing, jobs: ids)
                }
                #expect(try await fixture.statistics().requests["status"] ?? 0 >= 1)
            }
        }
    }
}
