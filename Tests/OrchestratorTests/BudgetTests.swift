import ExportCore
import Testing
import TestServers

extension OrchestratorSuites {
    @Suite("keeps all requests of a provider within its budget") struct BudgetTests {
        @Test("creates, checks and lists by their weights, from the first to the last") func weights() async throws {
            let limits = "limits: { requests: 40/s burst 20, weights: { create: 5, check: 2 } }"
            try await OrchestratorFixture.run(provider: [limits]) { fixture in
                try await fixture.withOrchestrator { _ in
                    let begun = ContinuousClock.now
                    let ids = try await fixture.submit(fixture.names(40))
                    try await fixture.reach(.processing, jobs: ids)
                    let seconds = (ContinuousClock.now - begun) / .seconds(1)
                    let requests = try await fixture.statistics().requests
                    let spent = requests["create", default: 0] * 5 + requests["status", default: 0] * 2 + requests["files", default: 0]
                    #expect(requests["create"] == 40)
                    #expect(Double(spent) <= 20 + 40 * seconds, "\(requests) in \(seconds) s")
                    #expect(seconds > 4, "without a budget it takes less than two seconds")
                }
            }
        }
    }
}
