import ExportCore
import JobStore
import Redis
import TestServers
import Testing

@Suite("A change", .needsServers) struct ChangeTests {
    @Test("stores status, timer, counters and history together") func transition() async throws {
        try await TestStore.run { test in
            let polling = try await test.polling("a"), id = polling.id
            #expect(try await test.decide(.ready, polling) == .applied(version: polling.version + 1))
            let counts = try await test.store.counts()
            #expect(counts[.pending] == 0)
            #expect(counts[.polling] == 0)
            #expect(counts[.ready] == 1)
            #expect(try await test.store.list(.ready, limit: 10).map(\.id) == [id])
            #expect(try await test.store.list(.polling, limit: 10).isEmpty)
            #expect(try await test.store.history(of: id).map(\.what) == ["PENDING", ">", "POLLING", "READY"])
            let job = try #require(try await test.store.job(id))
            #expect(job.exportHandle == #"{"id":"e1"}"#)
            #expect(job.state.attempts == 1)
        }
    }

    @Test("by a stale caller changes nothing") func stale() async throws {
        try await TestStore.run { test in
            let job = try await test.polling("a")
            let before = try await test.store.job(job.id)
            for version in [job.version - 1, job.version + 1] {
                #expect(try await test.decide(.ready, job.advanced(to: version, job.state)) == .stale)
            }
            #expect(try await test.store.job(job.id) == before)
            #expect(try await test.store.counts()[.polling] == 1)
        }
    }

    @Test("lists the jobs that poll by their next check") func pollingList() async throws {
        try await TestStore.run { test in
            var first = try await test.polling("a")
            let second = try await test.polling("b")
            first.state.failures = 6
            try await test.decide(.stepFailed(Failure(.transient, code: "x", message: "x")), first)
            #expect(try await test.store.list(.polling, limit: 10).map(\.id) == [second.id, first.id])
            #expect(try await test.store.list(.polling, limit: 1).map(\.id) == [second.id])
        }
    }

    @Test("that ends a job removes its timer and lets its record expire") func end() async throws {
        try await TestStore.run(keep: .seconds(600)) { test in
            let error = JobError(code: "broken", message: "it broke")
            let ended = try await test.advanced(test.polling("a"), by: .exportFailed(error))
            let job = try #require(try await test.store.job(ended.id))
            #expect(job.state.status == .failed)
            #expect(job.error == error)
            #expect(try await test.score("a") == nil)
            let ttl = try #require(try await test.redis.send(["PTTL", "{lh:00}:job:a"]).int)
            #expect((590_000...600_000).contains(ttl))
            #expect(try await test.decide(.ready, ended.advanced(to: ended.version, JobState(status: .polling))) == .stale)
        }
    }

    @Test("removes expired jobs from index and counters") func trimming() async throws {
        try await TestStore.run(keep: .milliseconds(1)) { test in
            for name in ["a", "b"] {
                try await test.decide(.cancelled, test.polling(name))
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
                try await test.decide(.cancelled, test.polling(name))
                let ended = try await test.now()
                try await eventually(within: .seconds(10), "it is past its time") { try await test.now() > ended + 5 }
                if name == "a" { _ = try await test.polling("a") }
            }
            let counts = try await test.store.counts()
            #expect((counts[.failed], counts[.polling]) == (1, 1))
        }
    }

    @Test("of many in one call is stored or refused by itself, and the results are in their order") func batch() async throws {
        try await TestStore.run(partitions: 4) { test in
            var changes: [JobChange] = []
            for index in 0..<100 {
                let job = try await test.polling("job-\(index)")
                let seen = index.isMultiple(of: 2) ? job : job.advanced(to: job.version - 1, job.state)
                changes.append(JobChange(seen, try TestStore.decision(.ready, seen)))
            }
            let outcomes = try await test.store.apply(changes).map { try $0.get().withoutTimes }
            let expected = changes.enumerated().map { index, change -> ChangeOutcome in
                index.isMultiple(of: 2) ? .applied(version: change.job.version + 1) : .stale
            }
            #expect(outcomes == expected)
            #expect(try await test.store.counts()[.ready] == 50)
            #expect(await test.store.apply([]).isEmpty)
        }
    }
}
