import ExportCore
import JobStore
import TestServers
import Testing

@Suite("A hint", .needsServers) struct HintTests {
    private static let spacing = Duration.seconds(5)

    private func hint(_ test: TestStore, _ ids: [JobID], spacing: Duration = Self.spacing) async throws -> [HintOutcome] {
        try await test.store.hint(ids, spacing: spacing)
    }

    /// A waiting job whose first check found nothing and planned the next one in an hour.
    private func checked(_ test: TestStore, retryAfter: Duration? = nil) async throws -> JobID {
        let id = try await test.polling("a").id
        _ = try await hint(test, [id])
        let wake = try #require(try await test.wakes().first)
        let machine = JobMachine(rules: JobRules(polling: .fixed(interval: .seconds(3600))))
        let decision = try #require(machine.decide(.notReady(PollHints(retryAfter: retryAfter)), in: wake.state, random: 0.5))
        guard case .applied = try await test.apply(JobChange(wake, decision, detail: "running", isCheck: true)) else {
            throw TestServersError("the check was not stored")
        }
        return id
    }

    @Test("makes the planned check due now, which is otherwise an ordinary one") func moves() async throws {
        try await TestStore.run { test in
            let id = try await test.polling("a").id
            #expect(try await test.wakes().isEmpty)
            #expect(try await hint(test, [id]) == [.moved])
            let wake = try #require(try await test.wakes().first)
            #expect(wake.id == id && wake.state.claims == 1)
            #expect(try #require(try await test.store.sinceHint(id)) < .seconds(60))
        }
    }

    @Test("waits until some time after the last check has passed") func spaced() async throws {
        try await TestStore.run { test in
            let id = try await checked(test)
            #expect(try await hint(test, [id]) == [.moved])
            #expect(try await test.wakes().isEmpty, "not yet")
            let job = try #require(try await test.store.job(id)), now = try await test.store.now()
            #expect((1...5000).contains(try #require(job.nextPollAt) - now))
            #expect(try await hint(test, [id]) == [.soon], "a second one moves nothing")
        }
    }

    @Test("does not undercut what the provider has said") func kept() async throws {
        try await TestStore.run { test in
            let id = try await checked(test, retryAfter: .seconds(7200))
            #expect(try await hint(test, [id], spacing: .zero) == [.kept])
        }
    }

    @Test("changes nothing for a job that is being checked, does not wait, or does not exist") func others() async throws {
        try await TestStore.run { test in
            let checking = try await test.polling("a").id
            _ = try await hint(test, [checking])
            _ = try await test.wakes()
            let pending = try await test.admit("b"), unknown = try #require(JobID("nobody"))
            #expect(Set(try await hint(test, [checking, pending, unknown])) == [.checking, .over, .unknown])
            #expect(try await test.store.sinceHint(unknown) == nil)
        }
    }
}
