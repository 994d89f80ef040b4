import ExportCore
import JobStore
import TestServers
import Testing

@Suite("The files of a job") struct FileTests {
    private let object = StoredObject(name: "a.csv", source: "https://x.example/a.csv", bytes: 3, sha256: "ab", key: "p/a.csv")

    @Test("are listed page by page, each page once") func listing() async throws {
        try await TestStore.run { test in
            let (id, version) = try await test.polling("a")
            try await test.decide(.ready, id, version: version, JobState(status: .polling))
            let state = JobState(status: .ready)
            let more = try #require(TestStore.machine.decide(.pageListed(isLast: false), in: state, random: 0))
            let last = try #require(TestStore.machine.decide(.pageListed(isLast: true), in: state, random: 0))
            let first = try #require(
                try await test.store.addFiles(
                    [TestStore.file("1"), TestStore.file("2")], to: id, version: version + 1, decision: more, cursor: "p2"))
            #expect(try await test.store.job(id)?.listingCursor == "p2")
            #expect(try await test.store.addFiles([TestStore.file("3")], to: id, version: version + 1, decision: last, cursor: nil) == nil)
            let second = try #require(
                try await test.store.addFiles([TestStore.file("3")], to: id, version: first.version, decision: last, cursor: nil))
            #expect((second.first, second.filesTotal, second.filesEnded) == (2, 3, 0))
            let job = try #require(try await test.store.job(id))
            #expect(job.state.status == .processing)
            #expect(job.listingCursor == nil)
        }
    }

    @Test("that would be stored under one name get names of their own") func names() async throws {
        try await TestStore.run { test in
            let listed = ["x.csv", "x.csv", "x.csv.gz", "y.zip", "y", "5-y", "y.ZIP"]
            let id = try await test.processing("a", files: listed)
            var names: [String] = []
            for index in listed.indices { names.append(try #require(try await test.claimFile(index, id)).file.name) }
            #expect(names == ["x.csv", "1-x.csv", "2-x.csv.gz", "y.zip", "4-y", "5-y", "6-y.ZIP"])
        }
    }

    @Test("are claimed by one worker at a time, and each attempt is counted at the claim") func claiming() async throws {
        try await TestStore.run { test in
            let id = try await test.processing("a", files: ["x"])
            let claimed = try #require(try await test.claimFile(0, id))
            #expect(claimed.attempt == 1)
            #expect(claimed.file.url == "https://x.example/x?sig=1")
            #expect(claimed.job.correlationID == "c-a")
            guard case .nothing(let reason) = try await test.store.claimFile(0, of: id, lease: TestStore.lease, maxAttempts: 5) else {
                Issue.record("claimed twice")
                return
            }
            #expect(reason == "leased")
        }
    }

    @Test("come back by their timer when the worker dies, as a message with the job's priority") func lostWorker() async throws {
        try await TestStore.run { test in
            let id = try await test.processing("a", files: ["x"])
            let dead = try #require(try await test.claimFile(0, id, lease: .milliseconds(20)))
            let due = try await eventually(within: .seconds(10), "the lease runs out") { try await test.claim().downloads.first }
            #expect(due == DueDownload(id: id, file: 0, priority: .normal, correlationID: "c-a"))
            let alive = try #require(try await test.claimFile(0, id))
            #expect(alive.attempt == 2)
            #expect(try await !test.store.extendFile(dead, lease: TestStore.lease), "the dead worker's lease is lost")
            #expect(try await test.store.finishFile(dead, objects: [object]) == nil)
            #expect(try await !test.store.failFile(dead, failure: Failure(.corrupt, code: "x", message: "x"), retryAfter: nil))
            #expect(try await test.store.extendFile(alive, lease: TestStore.lease))
        }
    }

    @Test("stay with a worker whose heart beats") func heartbeat() async throws {
        try await TestStore.run { test in
            let id = try await test.processing("a", files: ["x"])
            let claimed = try #require(try await test.claimFile(0, id, lease: .milliseconds(200)))
            #expect(try await test.store.extendFile(claimed, lease: .seconds(30)))
            #expect(try #require(try await test.score("a#0")) > (try await test.now()) + 20_000)
        }
    }

    @Test("are done once, and the last one says so") func finishing() async throws {
        try await TestStore.run { test in
            let id = try await test.processing("a", files: ["x", "y"])
            let x = try #require(try await test.claimFile(0, id)), y = try #require(try await test.claimFile(1, id))
            #expect(try await test.store.finishFile(x, objects: [object])?.isLast == false)
            // Again, as after a lost answer.
            #expect(try await test.store.finishFile(x, objects: [object])?.isLast == false)
            #expect(try await test.store.claimManifest(of: id, lease: TestStore.lease) == nil)
            #expect(try await test.store.finishFile(y, objects: [object, object])?.isLast == true)
            let job = try #require(try await test.store.claimManifest(of: id, lease: TestStore.lease))
            #expect((job.state.filesDone, job.state.filesTotal) == (2, 2))
            #expect(try await test.store.objects(of: id, from: 0, many: 2).count == 3)
            #expect(try await test.decide(.manifestWritten, id, version: job.version, job.state) == .applied(version: job.version + 1))
            #expect(try await test.store.job(id)?.state.status == .completed)
            #expect(try await test.redis.send(["EXISTS", "{lh:00}:files:a"]).int == 0)
            #expect(try await test.score("a") == nil)
        }
    }

    @Test("bring the job's manifest with the last of them, claimed as by itself, also to one who asks again") func lastFile() async throws {
        try await TestStore.run { test in
            let id = try await test.processing("a", files: ["x", "y"])
            let x = try #require(try await test.claimFile(0, id)), y = try #require(try await test.claimFile(1, id))
            let first = try #require(try await test.store.finishFile(x, objects: [object], manifestLease: TestStore.lease))
            #expect(!first.isLast && first.manifest == nil)
            let before = try #require(try await test.store.job(id)).version
            let job = try #require(try await test.store.finishFile(y, objects: [object], manifestLease: TestStore.lease)?.manifest)
            #expect((job.version, job.state.filesDone, job.state.manifestClaims) == (before + 1, 2, 1))
            let due = try #require(try await test.score("a"))
            #expect(try await due > test.store.now())
            let again = try #require(try await test.store.finishFile(y, objects: [object], manifestLease: TestStore.lease)?.manifest)
            #expect((again.version, again.state.filesDone, again.state.manifestClaims) == (before + 2, 2, 1))
            #expect(try await test.decide(.manifestWritten, id, version: job.version, job.state) == .stale)
            #expect(
                try await test.decide(.manifestWritten, id, version: again.version, again.state) == .applied(version: again.version + 1))
            #expect(try await test.store.finishFile(y, objects: [object], manifestLease: TestStore.lease) == nil)
        }
    }

    @Test("wait out their backoff") func backoff() async throws {
        try await TestStore.run { test in
            let id = try await test.processing("a", files: ["x"])
            let failure = Failure(.transient, code: "http-503", message: "busy")
            let first = try #require(try await test.claimFile(0, id))
            #expect(try await test.store.failFile(first, failure: failure, retryAfter: .milliseconds(500)))
            guard case .nothing("early") = try await test.store.claimFile(0, of: id, lease: TestStore.lease, maxAttempts: 5) else {
                Issue.record("claimed before its time")
                return
            }
            _ = try await eventually(within: .seconds(10), "the backoff is over") { try await test.claim().downloads.first }
            #expect(try await test.claimFile(0, id)?.attempt == 2)
            #expect(try await test.store.history(of: id).contains { $0.what == "!" && $0.detail.contains("http-503") })
        }
    }

    @Test("are given up when a worker says so, and at the latest when the attempts are used up; the job's timer is due then")
    func exhaustion() async throws {
        try await TestStore.run { test in
            let id = try await test.processing("a", files: ["x", "y"])
            let x = try #require(try await test.claimFile(0, id, lease: .zero, maxAttempts: 1))
            _ = try await eventually(within: .seconds(10), "the lease runs out") { try await test.claim().downloads.first }
            guard case .exhausted(let exhausted) = try await test.store.claimFile(0, of: id, lease: TestStore.lease, maxAttempts: 1) else {
                Issue.record("not exhausted")
                return
            }
            #expect(exhausted.attempt == x.attempt)
            let failure = Failure(.permanent, code: "file-attempts-exhausted", message: "gave up")
            #expect(try await test.store.failFile(exhausted, failure: failure, retryAfter: nil))
            #expect(try await test.store.failFile(exhausted, failure: failure, retryAfter: nil), "again, as after a lost answer")
            let wake = try #require(try await test.wakes().first)
            #expect((wake.id, wake.state.filesFailed) == (id, 1))
            let job = try #require(try await test.store.job(id))
            #expect(job.fileError == JobError(code: "file-attempts-exhausted", message: "file x: gave up"))
            let y = try #require(try await test.claimFile(1, id), "the others go on until the job's end is decided")
            try await test.decide(.fileFailed(JobError(code: "x", message: "x")), id, version: job.version, job.state)
            #expect(try await test.store.job(id)?.state.status == .failed)
            #expect(try await !test.store.extendFile(y, lease: TestStore.lease), "then their leases are lost")
            #expect(try await test.store.finishFile(y, objects: [object]) == nil)
            #expect(try await test.store.failedFiles(of: id, from: 0, many: 2).map(\.error.code) == ["file-attempts-exhausted"])
        }
    }

    @Test("of a retried job begin anew where they are not stored, with fencing tokens that go on") func retry() async throws {
        try await TestStore.run { test in
            let id = try await test.processing("a", files: ["x", "y"])
            let x = try #require(try await test.claimFile(0, id)), zombie = try #require(try await test.claimFile(1, id))
            _ = try await test.store.finishFile(x, objects: [object])
            let job = try #require(try await test.store.job(id))
            try await test.decide(.fileFailed(JobError(code: "x", message: "x")), id, version: job.version, job.state)
            #expect(try await test.store.retry(id) == .retried(.processing))
            #expect(try await test.store.retry(id) == .notFailed(.processing), "a second time changes nothing")
            #expect(try await test.store.findOrphans(of: id, from: 0, many: 2, watchdog: .seconds(60)) == [1])
            let failure = Failure(.permanent, code: "http-400", message: "no")
            #expect(try await !test.store.failFile(zombie, failure: failure, retryAfter: nil), "who had it before gives it up no more")
            let again = try #require(try await test.claimFile(1, id))
            #expect((again.attempt, again.token) == (1, 3))
            #expect(try await !test.store.extendFile(zombie, lease: TestStore.lease))
            #expect(try await test.store.finishFile(again, objects: [object])?.isLast == true)
        }
    }

    @Test("whose messages were lost are found by the watchdog, ever more rarely") func orphans() async throws {
        try await TestStore.run { test in
            let id = try await test.processing("a", files: ["x", "y", "z"])
            _ = try await test.claimFile(1, id)
            let watchdog = Duration.milliseconds(30)
            #expect(try await test.store.findOrphans(of: id, from: 0, many: 3, watchdog: .seconds(60)).isEmpty)
            var asked = try await test.now()
            let found = try await eventually(within: .seconds(10), "the watchdog's time is over") { () -> [Int]? in
                asked = try await test.now()
                let orphans = try await test.store.findOrphans(of: id, from: 0, many: 3, watchdog: watchdog)
                return orphans.isEmpty ? nil : orphans
            }
            #expect(found == [0, 2])
            _ = try await eventually(within: .seconds(10), "and again") { () -> [Int]? in
                let orphans = try await test.store.findOrphans(of: id, from: 0, many: 3, watchdog: watchdog)
                return orphans.isEmpty ? nil : orphans
            }
            #expect(try await test.now() - asked >= 60)
        }
    }
}
