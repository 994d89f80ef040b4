import ExportCore
import Testing

extension OrchestratorSuites {
    @Suite("tries again") struct RetryTests {
        @Test("what failed on the provider's side", arguments: ["create", "status", "files"])
        func serverError(point: String) async throws {
            try await OrchestratorFixture.run { fixture in
                try await fixture.withOrchestrator { _ in
                    let id = try await fixture.submit("a", order: #"{"faults":{"\#(point):500":2}}"#)
                    try await fixture.reach(.processing, jobs: [id])
                    let failures = try await fixture.store.history(of: id).filter { $0.what == "!" }
                    #expect(failures.map(\.detail) == ["http-500", "http-500"])
                    #expect(try await fixture.job(id).state.failures == 0)
                }
                #expect(try await fixture.statistics().exports.created == 1)
            }
        }

        @Test("not before the time that a Retry-After names", arguments: ["create", "status"])
        func retryAfter(point: String) async throws {
            try await OrchestratorFixture.run(sandbox: ["throttle-retry-after": "1s"]) { fixture in
                try await fixture.withOrchestrator { _ in
                    let id = try await fixture.submit("a", order: #"{"faults":{"\#(point):429":1}}"#)
                    try await fixture.reach(.processing, jobs: [id])
                    let history = try await fixture.store.history(of: id)
                    let failed = try history.firstIndex { $0.what == "!" }.unwrapped("failure")
                    #expect(history[failed].detail == "http-429")
                    #expect(history[failed + 1].at - history[failed].at >= 1000)
                }
            }
        }

        @Test("a status check not before the time that the answer names") func hintOfStatus() async throws {
            try await OrchestratorFixture.run(sandbox: ["duration": "fixed:300ms", "retry-after": "1s"]) { fixture in
                try await fixture.withOrchestrator { _ in
                    let id = try await fixture.submit("a")
                    try await fixture.reach(.processing, jobs: [id])
                    let history = try await fixture.store.history(of: id)
                    let check = try history.firstIndex { $0.what == "~" }.unwrapped("check")
                    #expect(history[check + 1].at - history[check].at >= 1000)
                }
            }
        }

        @Test("a creation whose answer was lost, without a second export") func lostAnswer() async throws {
            try await OrchestratorFixture.run { fixture in
                try await fixture.withOrchestrator { _ in
                    try await fixture.reach(.processing, jobs: [fixture.submit("a", order: #"{"faults":{"create:lostAnswer":1}}"#)])
                }
                let exports = try await fixture.statistics().exports
                #expect(exports.created == 1)
                #expect(exports.replayed == 1)
            }
        }

        @Test("only as often as the provider file allows, and not at all what is refused for good") func bounded() async throws {
            try await OrchestratorFixture.run { fixture in
                try await fixture.withOrchestrator { _ in
                    let exhausted = try await fixture.failure(of: fixture.submit("a", order: #"{"faults":{"status:500":"100%"}}"#))
                    #expect(exhausted.code == "http-500")
                    let refused = try await fixture.failure(of: fixture.submit("b", order: #"{"files":"nonsense"}"#))
                    #expect(refused.code == "http-400")
                }
                #expect(try await fixture.exports().map(\.requests.status) == [6])
                #expect(try await fixture.statistics().requests["create"] == 2)
            }
        }

        @Test("and checks at the provider's interval, never earlier") func interval() async throws {
            let polling = "polling: { policy: fixed, interval: 300ms }"
            try await OrchestratorFixture.run(sandbox: ["duration": "fixed:1s"], provider: [polling]) { fixture in
                try await fixture.withOrchestrator { _ in
                    let ids = try await fixture.submit(fixture.names(20))
                    try await fixture.reach(.processing, jobs: ids)
                    for id in ids {
                        let checks = try await fixture.store.history(of: id).filter { ["POLLING", "~", "READY"].contains($0.what) }
                        #expect(checks.count >= 3)
                        // A tenth of the interval is jitter.
                        for (earlier, later) in zip(checks, checks.dropFirst()) { #expect(later.at - earlier.at >= 270) }
                    }
                }
            }
        }
    }
}
