import ExportCore
import JobStore
import Synchronization
import TestServers
import Testing

@Suite("Changes that wait for others", .needsServers) struct BatchingTests {
    @Test("are all stored, in however many scripts, in one call or in many", arguments: [1, 127, 128, 129, 400], [true, false])
    func all(number: Int, inOneCall: Bool) async throws {
        try await TestStore.run { test in
            var jobs: [ClaimedJob] = []
            for index in 0..<number { jobs.append(try await test.polling("job-\(index)")) }
            let changes = try jobs.map(Self.notReady)
            let calls = inOneCall ? [changes] : changes.map { [$0] }
            let outcomes = try await withThrowingTaskGroup(of: [ChangeOutcome].self) { group in
                for call in calls { group.addTask { try await test.store.apply(call).map { try $0.get() } } }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            #expect(outcomes == Array(repeating: .applied(version: jobs[0].version + 1), count: number))
            for job in jobs { #expect(try await test.store.job(job.id)?.version == job.version + 1) }
        }
    }

    @Test("are stored by a flush, before the connection is closed") func flush() async throws {
        try await TestStore.run { test in
            let first = try await test.polling("a"), second = try await test.polling("b")
            _ = try await test.apply(Self.notReady(first))
            let found = Mutex<ChangeOutcome?>(nil)
            let change = try Self.notReady(second)
            let waiting = Task(executorPreference: test.thread) {
                let outcome = try await test.store.apply([change])[0].get()
                found.withLock { $0 = outcome }
            }
            // The thread runs in order: after some turns the change waits for others.
            for _ in 0..<4 { await withCheckedContinuation { turn in test.thread.perform { turn.resume() } } }
            await test.store.flush()
            #expect(try await test.store.job(second.id)?.version == second.version + 1)
            try await waiting.value
            #expect(found.withLock { $0 } == .applied(version: second.version + 1))
        }
    }

    private static func notReady(_ job: ClaimedJob) throws -> JobChange {
        JobChange(job, try TestStore.decision(.notReady(PollHints()), job), isCheck: true)
    }
}
