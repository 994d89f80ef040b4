import ExportCore
import Redis
import TestServers
import Testing

@testable import JobStore

@Suite("The history of a job", .needsServers) struct HistoryTests {
    /// A check, by its number, or a failure.
    private static func note(
        _ detail: String, _ job: ClaimedJob, check: Int? = nil, delay: Duration = .seconds(60), reason: DelayReason? = .unknown,
        _ test: TestStore
    ) async throws -> ClaimedJob {
        var state = job.state
        (state.attempts, state.failures) = (check ?? 0, check == nil ? 1 : 0)
        var decision = JobDecision(state: state, timer: .after(delay))
        decision.reason = reason
        let change = JobChange(job, decision, detail: detail, isCheck: check != nil, isFailure: check == nil)
        guard case .applied(let version, _) = try await test.apply(change) else { throw TestServersError("\(job.id) is stale") }
        return job.advanced(to: version, state)
    }

    private func bytes(_ id: JobID, _ test: TestStore) async throws -> Int64 {
        var bytes: Int64 = 0
        for field in ["history", "progress", "trail"] {
            bytes += try await test.redis.send(["HSTRLEN", .string("{lh:00}:job:\(id)"), .string(field)]).int ?? 0
        }
        return bytes
    }

    @Test("tells of each check what it found, when the next one is due, and why then") func checks() async throws {
        try await TestStore.run { test in
            var job = try await test.polling("a")
            job = try await Self.note("running 40%", job, check: 1, delay: .seconds(180), reason: .progress, test)
            job = try await Self.note("running 40%", job, check: 2, delay: .milliseconds(1250), reason: .retryAfter, test)
            job = try await Self.note("http-503", job, delay: .seconds(30), reason: .backoff, test)
            let history = try await test.store.history(of: job.id)
            #expect(history.map(\.what) == ["PENDING", ">", "POLLING", "~", "~", "!"])
            #expect(history.suffix(3).map(\.detail) == ["running 40%", "running 40%", "http-503"])
            #expect(history.suffix(3).map(\.nextIn) == [.seconds(180), .milliseconds(1250), .seconds(30)])
            #expect(history.suffix(3).map(\.reason) == [.progress, .retryAfter, .backoff])
            #expect(history[2].reason == .fixed, "also of the first check")
        }
    }

    @Test("names who did it where that changes") func actors() async throws {
        try await TestStore.run { test in
            func store(_ actor: String) -> JobStore {
                JobStore(redis: test.redis, claims: test.redis, partitions: 1, actor: actor, on: test.thread)
            }
            let (one, two) = (TestStore(store: store("orchestrator o-1"), redis: test.redis, thread: test.thread), store("worker w-1"))
            let id = try await one.processing("a", files: ["x"])
            _ = try await TestStore(store: two, redis: test.redis, thread: test.thread).claimFile(0, id)
            #expect(try await one.store.cancel(id, by: "ann@desk") == .asked)
            let history = try await test.store.history(of: id)
            #expect(history.map(\.what) == ["PENDING", ">", "POLLING", "READY", "PROCESSING", ">", "*"])
            #expect(history.map(\.actor) == ["orchestrator o-1", nil, nil, nil, nil, "worker w-1", "ann@desk"])
            #expect(history.suffix(2).map(\.detail) == ["file 0 attempt 1", "cancel"])
        }
    }

    @Test("stays small while the job waits, and loses nothing", arguments: [7, 60, 400]) func longWait(number: Int) async throws {
        try await TestStore.run { test in
            var job = try await test.polling("a")
            for check in 1...number { job = try await Self.note("running \(check / 5)%", job, check: check, test) }
            #expect(try await bytes(job.id, test) <= 400)
            let whole = try await test.wholeHistory(of: job.id).filter { $0.what == "~" }
            #expect(whole.map(\.detail) == (1...number).map { "running \($0 / 5)%" })
            let shown = try await test.store.history(of: job.id)
            #expect(shown.prefix(3).map(\.what) == ["PENDING", ">", "POLLING"])
            #expect(shown.filter { $0.what == "~" }.reduce(0) { $0 + $1.number } == number)
            #expect(shown.last?.detail == "running \(number / 5)%")
            #expect(shown.map(\.at) == shown.map(\.at).sorted())
        }
    }

    @Test("has failures that are the same on one line of its summary, and each in the trail") func failures() async throws {
        try await TestStore.run { test in
            var job = try await test.polling("a")
            for number in 0..<100 { job = try await Self.note(number < 50 ? "http-503" : "http-500", job, test) }
            let ready = try await test.advanced(job, by: .ready)
            let shown = try await test.store.history(of: ready.id).filter { $0.what == "!" }
            #expect(shown.count < 20 && shown.reduce(0) { $0 + $1.number } == 100)
            #expect(Set(shown.map(\.detail)) == ["http-503", "http-500"])
            #expect(try await test.wholeHistory(of: ready.id).count { $0.what == "!" } == 100)
        }
    }

    @Test("is bounded whatever it tells, and the trail has it all") func bounded() async throws {
        try await TestStore.run { test in
            var job = try await test.polling("a")
            for number in 0..<300 {
                job = try await Self.note("\(number) " + String(repeating: "x", count: 150), job, test)
                if number.isMultiple(of: 3) { job = try await Self.note("running \(number)", job, check: number, test) }
            }
            #expect(try await bytes(job.id, test) <= 3584)
            let shown = try await test.store.history(of: job.id)
            #expect(shown.prefix(2).map(\.what) == ["PENDING", "POLLING"])
            #expect(shown.contains { $0.what == HistoryEntry.omitted && $0.number > 300 })
            let whole = try await test.wholeHistory(of: job.id)
            #expect(whole.count { $0.what == "!" } == 300 && whole.count { $0.what == "~" } == 100)
        }
    }

    @Test("has every claim and file of a job with many files") func files() async throws {
        try await TestStore.run { test in
            let names = (0..<120).map { "f\($0)" }
            let id = try await test.processing("a", files: names)
            for index in names.indices {
                let claimed = try #require(try await test.claimFile(index, id))
                let object = StoredObject(name: names[index], source: "u", bytes: Int64(index), sha256: "s", key: "k/\(index)")
                _ = try await test.end(claimed, .stored, objects: [object])
            }
            #expect(try await bytes(id, test) <= 3584)
            let whole = try await test.wholeHistory(of: id)
            #expect(whole.filter { $0.what == "+" }.map(\.detail) == names.indices.map { "file \($0) stored, \($0) bytes" })
            #expect(whole.count { $0.what == ">" && $0.detail.hasPrefix("file ") } == 120)
        }
    }

    @Test("tells that a lease ended without a result") func lapse() async throws {
        try await TestStore.run { test in
            let id = try await test.polling("a").id
            for _ in 0..<2 {
                _ = try await test.redis.send(["ZADD", "{lh:00}:due", "1", .string(id.text)])
                _ = try await test.wakes()
            }
            #expect(try await test.store.history(of: id).last.map { "\($0.what) \($0.detail)" } == "^ check")
        }
    }

    @Test("says what is lost when no worker takes the trail away") func full() async throws {
        try await TestStore.run { test in
            let fill = "for i = 1, 10000 do redis.call('XADD', KEYS[1], '*', 'lines', 'x') end"
            _ = try await test.redis.send(["EVAL", .string(fill), 1, "{lh:00}:trail"])
            var job = try await test.polling("a")
            for check in 1...60 { job = try await Self.note("running", job, check: check, test) }
            let backlog = try await test.store.trails()
            #expect(backlog.waiting == 10_000 && backlog.dropped > 30)
            let told = try await test.store.recorded(job.id)?.history
            #expect(told?.before == nil)
            #expect(told?.entries.contains { $0.what == HistoryEntry.lost } == true)
            #expect(try await bytes(job.id, test) <= 400)
        }
    }

    @Test("is summarised, and goes nowhere, while the trail is switched off") func off() async throws {
        try await TestStore.run { test in
            try await test.store.keepTrail(false)
            var job = try await test.polling("a")
            for check in 1...60 { job = try await Self.note("running", job, check: check, test) }
            try await test.decide(.cancelled, job)
            #expect(try await test.store.trails() == StreamBacklog())
            #expect(try await test.store.history(of: job.id).filter { $0.what == "~" }.reduce(0) { $0 + $1.number } == 60)
            try await test.store.keepTrail(true)
            try await test.decide(.cancelled, try await test.polling("b"))
            #expect(try await test.store.trails().waiting == 1, "the end of b")
        }
    }

    @Test("is taken away by one worker at a time, which another replaces after its lease") func owners() async throws {
        try await TestStore.run { test in
            func take(_ owner: String, for lease: Duration = .seconds(60)) async throws -> TrailPage? {
                try await test.store.takeTrail(of: 0, by: owner, lease: lease, atMost: 10)
            }
            #expect(try await take("w-1")?.ended.isEmpty == true)
            let id = try await test.polling("a").id
            let job = try #require(try await test.store.job(id))
            try await test.decide(.cancelled, job.claimed)
            let page = try #require(try await take("w-1"))
            #expect(page.ended.map(\.job) == [id])
            #expect(try await take("w-2") == nil)
            _ = try await take("w-1", for: .milliseconds(50))
            try await eventually(within: .seconds(10), "the lease ends") { try await take("w-2")?.ended.map(\.job) == [id] }
            try await test.store.forgetTrail(of: 0, page.ended.map(\.mark))
            #expect(try await test.store.trails() == StreamBacklog())
        }
    }

    @Test("is read whole or not at all") func damaged() async throws {
        try await TestStore.run { test in
            let id = try await test.polling("a").id
            _ = try await test.redis.send(["HSET", "{lh:00}:job:a", "progress", "1\t2"])
            await #expect(throws: JobStoreError.self) { try await test.store.history(of: id) }
        }
    }
}
