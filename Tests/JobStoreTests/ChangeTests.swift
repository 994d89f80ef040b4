import ExportCore
import JobStore
import Redis
import TestServers
import Testing

@Suite("A change") struct ChangeTests {
    @Test("stores status, timer, counters and history together") func transition() async throws {
        try await TestStore.run { test in
            let (id, version) = try await test.polling("a")
            #expect(try await test.decide(.ready, id, version: version, JobState(status: .polling)) == .applied(version: version + 1))
            let counts = try await test.store.counts()
            #expect(counts[.pending] == 0)
            #expect(counts[.polling] == 0)
            #expect(counts[.ready] == 1)
            #expect(try await test.store.list(.ready, limit: 10).map(\.id) == [id])
            #expect(try await test.store.list(.polling, limit: 10).isEmpty)
            #expect(try await test.store.history(of: id).map(\.what) == ["PENDING", "POLLING", "READY"])
            let job = try #require(try await test.store.job(id))
            #expect(job.exportHandle == #"{"id":"e1"}"#)
            #expect(job.state.attempts == 1)
        }
    }

    @Test("by a stale caller changes nothing") func stale() async throws {
        try await TestStore.run { test in
            let (id, version) = try await test.polling("a")
            let before = try await test.store.job(id)
            #expect(try await test.decide(.ready, id, version: version - 1, JobState(status: .polling)) == .stale)
            #expect(try await test.decide(.ready, id, version: version + 1, JobState(status: .polling)) == .stale)
            #expect(try await test.store.job(id) == before)
            #expect(try await test.store.counts()[.polling] == 1)
        }
    }

    @Test("lists the jobs that poll by their next check") func pollingList() async throws {
        try await TestStore.run { test in
            let (first, version) = try await test.polling("a")
            let (second, _) = try await test.polling("b")
            let late = JobState(status: .polling, failures: 6)
            try await test.decide(.stepFailed(Failure(.transient, code: "x", message: "x")), first, version: version, late)
            #expect(try await test.store.list(.polling, limit: 10).map(\.id) == [second, first])
            #expect(try await test.store.list(.polling, limit: 1).map(\.id) == [second])
        }
    }

    @Test("that ends a job removes its timer and lets its record expire") func end() async throws {
        try await TestStore.run(keep: .seconds(600)) { test in
            let (id, version) = try await test.polling("a")
            let error = JobError(code: "broken", message: "it broke")
            try await test.decide(.exportFailed(error), id, version: version, JobState(status: .polling))
            let job = try #require(try await test.store.job(id))
            #expect(job.state.status == .failed)
            #expect(job.error == error)
            #expect(try await test.score("a") == nil)
            let ttl = try #require(try await test.redis.send(["PTTL", "{lh:00}:job:a"]).int)
            #expect((590_000...600_000).contains(ttl))
            #expect(try await test.decide(.ready, id, version: version + 1, JobState(status: .polling)) == .stale)
        }
    }

    @Test("forgets in index and counters what has expired") func trimming() async throws {
        try await TestStore.run(keep: .milliseconds(1)) { test in
            for name in ["a", "b"] {
                let (id, version) = try await test.polling(name)
                try await test.decide(.cancelled, id, version: version, JobState(status: .polling))
                let ended = try await test.now()
                try await eventually(within: .seconds(10), "it is past its time") { try await test.now() > ended + 5 }
            }
            #expect(try await test.store.counts()[.failed] == 1)
            let first = try #require(JobID("a"))
            #expect(try await test.store.job(first) == nil)
        }
    }

    @Test("forgets the earlier end of a job that was submitted again") func submittedAgain() async throws {
        try await TestStore.run(keep: .milliseconds(1)) { test in
            for name in ["a", "b"] {
                let (id, version) = try await test.polling(name)
                try await test.decide(.cancelled, id, version: version, JobState(status: .polling))
                let ended = try await test.now()
                try await eventually(within: .seconds(10), "it is past its time") { try await test.now() > ended + 5 }
                if name == "a" { _ = try await test.polling("a") }
            }
            let counts = try await test.store.counts()
            #expect((counts[.failed], counts[.polling]) == (1, 1))
        }
    }

    @Test("in a batch each stands or falls alone") func batch() async throws {
        try await TestStore.run { test in
            var known: [(JobID, Int64)] = []
            for index in 0..<100 { known.append(try await test.polling("job-\(index)")) }
            let outcomes = try await withThrowingTaskGroup(of: ChangeOutcome.self) { group in
                for (index, (id, version)) in known.enumerated() {
                    group.addTask {
                        try await test.decide(.ready, id, version: index % 2 == 0 ? version : version - 1, JobState(status: .polling))
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(outcomes.count { $0 == .stale } == 50)
            #expect(try await test.store.counts()[.ready] == 50)
        }
    }

    @Test("makes one line of the checks of a long wait, and tells their number") func manyChecks() async throws {
        try await TestStore.run { test in
            var (id, version) = try await test.polling("a")
            for number in 1...200 {
                version = try await Self.note("run\nning \t" + String(repeating: "x", count: 60), id, version, check: number, test)
            }
            #expect(try await test.store.history(of: id).last?.detail.hasSuffix(" checks)") == true)
            try await test.decide(.ready, id, version: version, JobState(status: .polling))
            let history = try await test.store.history(of: id)
            #expect(history.last?.what == "READY")
            let checks = history.filter { $0.what == "~" }
            #expect(checks.allSatisfy { $0.detail.hasPrefix("run ning ") })
            #expect(checks.count < 10)
            #expect(checks.last?.detail.hasSuffix("(\(200 - checks.count + 1) checks)") == true)
        }
    }

    @Test(
        "is told by a history that is read whole or not at all",
        arguments: [("progress", "1\t2"), ("checks", "x"), ("history", .bytes([0xFF]))] as [(RedisArgument, RedisArgument)])
    func damagedHistory(field: RedisArgument, value: RedisArgument) async throws {
        try await TestStore.run { test in
            var (id, version) = try await test.polling("a")
            for number in 1...20 { version = try await Self.note("running", id, version, check: number, test) }
            _ = try await test.redis.send(["HSET", "{lh:00}:job:a", field, value])
            await #expect(throws: JobStoreError.self) { try await test.store.history(of: id) }
        }
    }

    @Test("drops failures past the bound of a history, but no transition") func historyBound() async throws {
        try await TestStore.run { test in
            var (id, version) = try await test.polling("a")
            for _ in 0..<200 { version = try await Self.note(String(repeating: "x", count: 60), id, version, test) }
            try await test.decide(.ready, id, version: version, JobState(status: .polling))
            let history = try await test.store.history(of: id)
            #expect(history.last?.what == "READY")
            #expect((40...60).contains(history.count))
            let ready = try #require(try await test.store.job(id))
            let failed = Decision(state: JobState(status: .ready, failures: 1), timer: .after(.seconds(1)))
            let change = JobChange(
                id: id, version: ready.version, from: ready.state, decision: failed, detail: "once more", isFailure: true)
            #expect(try await test.store.apply(change) != .stale)
            #expect(try await test.store.history(of: id).map(\.what).suffix(2) == ["READY", "!"])
        }
    }

    /// A check, by its number, or a failure.
    private static func note(_ detail: String, _ id: JobID, _ version: Int64, check: Int? = nil, _ test: TestStore) async throws -> Int64 {
        let state = JobState(status: .polling, attempts: check ?? 0, failures: check == nil ? 1 : 0)
        let change = JobChange(
            id: id, version: version, from: JobState(status: .polling), decision: Decision(state: state, timer: .after(.seconds(1))),
            detail: detail, isCheck: check != nil, isFailure: check == nil)
        guard case .applied(let next) = try await test.store.apply(change) else { throw TestServersError("\(id) is stale") }
        return next
    }
}
