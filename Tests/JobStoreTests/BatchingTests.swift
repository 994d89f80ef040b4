import ExportCore
import JobStore
import Synchronization
import TestServers
import Testing

@Suite("Changes that wait for others") struct BatchingTests {
    @Test("are all stored, in however many calls", arguments: [1, 127, 128, 129, 400]) func all(number: Int) async throws {
        try await TestStore.run { test in
            var jobs: [(id: JobID, version: Int64)] = []
            for index in 0..<number { jobs.append(try await test.polling("job-\(index)")) }
            let outcomes = try await withThrowingTaskGroup(of: ChangeOutcome.self) { group in
                for job in jobs { group.addTask { try await test.notReady(job) } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(outcomes == Array(repeating: .applied(version: jobs[0].version + 1), count: number))
            for job in jobs { #expect(try await test.store.job(job.id)?.version == job.version + 1) }
        }
    }

    @Test("are stored by a flush, before the connection is closed") func flush() async throws {
        try await TestStore.run { test in
            let (first, second) = (try await test.polling("a"), try await test.polling("b"))
            _ = try await test.notReady(first)
            let found = Mutex<ChangeOutcome?>(nil)
            let change = try test.notReadyChange(second)
            await withCheckedContinuation { continuation in
                test.thread.perform {
                    test.store.apply(change) { result in found.withLock { $0 = try? result.get() } }
                    continuation.resume()
                }
            }
            await test.store.flush()
            #expect(found.withLock { $0 } == .applied(version: second.version + 1))
        }
    }
}

extension TestStore {
    fileprivate func notReadyChange(_ job: (id: JobID, version: Int64)) throws -> JobChange {
        let state = JobState(status: .polling)
        guard let decision = Self.machine.decide(.notReady(PollHints()), in: state, random: 0.5) else {
            throw TestServersError("no decision")
        }
        return JobChange(id: job.id, version: job.version, from: state, decision: decision, isCheck: true)
    }

    fileprivate func notReady(_ job: (id: JobID, version: Int64)) async throws -> ChangeOutcome {
        try await store.apply(notReadyChange(job))
    }
}
