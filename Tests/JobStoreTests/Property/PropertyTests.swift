import TestServers
import Testing

@Suite("Whatever happens in whatever order", .needsServers) struct PropertyTests {
    /// The outcomes that all walks together must have met; others would mean that they test less than they seem to.
    private static let required = [
        "admit: admitted", "admit: known", "admit: waiting", "take: taken", "take: no room", "start: started", "start: nothing",
        "claim: claimed", "wake: first", "wake: again", "apply: stale", "apply: applied, PENDING", "apply: applied, POLLING",
        "apply: applied, READY",
        "apply: applied, PROCESSING", "apply: applied, COMPLETED", "apply: applied, FAILED", "apply twice at once: applied",
        "apply twice at once: stale", "apply together: applied", "apply together: stale", "add files: stale", "add files: the last",
        "add files: more to come", "add files: counts differ", "claim file: claimed", "claim file: differs", "claim file: closed",
        "claim file: refused, leased", "claim file: refused, backoff", "claim file: refused, stored", "claim file: refused, failed",
        "extend file: extended", "extend file: lost", "store file: stored", "store file: the last", "store file: the last, claimed",
        "store file: the last, after failures", "store file: lost", "fail file: lost", "fail file: given up", "fail file: counted",
        "fail file: not counted", "find lost messages: found", "requeue files: stored", "requeue files: stale",
        "requeue files: kept by a heartbeat", "requeue files: the job has ended", "queue files: more", "queue files: done",
        "queue files: none", "claim manifest: claimed", "cancel: asked",
        "retry: PENDING", "retry: POLLING", "retry: PROCESSING", "retry: stale", "postpone: postponed", "postpone: nothing",
        "extend: extended", "extend: nothing", "verify places: freed", "release place: released", "take place: taken",
    ]

    @Test("an unfinished job has a timer, a stale caller changes nothing, counters and indices are right, and every answer is as foretold")
    func walks() async throws {
        let usual: [UInt64] = [1, 2, 3, 4], seeds = Seeds.given(else: usual)
        let outcomes = try await withThrowingTaskGroup(of: [String: Int].self) { group in
            for seed in seeds { group.addTask { try await Self.walk(seed) } }
            return try await group.reduce(into: [:]) { all, outcomes in all.merge(outcomes, uniquingKeysWith: +) }
        }
        if seeds == usual { #expect(Self.required.filter { outcomes[$0] == nil } == [], "never met") }
    }

    /// - Returns: how often each operation had each outcome.
    private static func walk(_ seed: UInt64) async throws -> [String: Int] {
        let partitions = Int(seed % 2) + 1
        var outcomes: [String: Int] = [:]
        try await TestStore.run(partitions: partitions, keep: RandomWalk.far) { test in
            var walk = RandomWalk(seed: seed, partitions: partitions, jobs: 12, test)
            do {
                try await walk.run(steps: 5000)
            } catch {
                Issue.record("LONGHAUL_SEED=\(seed): \(error)")
            }
            outcomes = walk.outcomes
        }
        return outcomes
    }
}
