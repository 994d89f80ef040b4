import ExportCore
import JobStore
import TestServers
import Testing

@Suite("The end of a file", .needsServers) struct FileEndTests {
    private let object = StoredObject(name: "a.csv", source: "https://x.example/a.csv", bytes: 3, sha256: "ab", key: "p/a.csv")

    @Test("is counted once, and the last one says so") func stored() async throws {
        try await TestStore.run { test in
            let id = try await test.processing("a", files: ["x", "y"])
            let x = try #require(try await test.claimFile(0, id)), y = try #require(try await test.claimFile(1, id))
            // Again, as after a lost answer.
            for _ in 0..<2 { #expect(try await test.end(x, .stored, objects: [object])?.isLast == false) }
            #expect(try await test.store.claimManifest(of: id, lease: TestStore.lease) == nil)
            #expect(try await test.end(y, .stored, objects: [object, object])?.isLast == true)
            let job = try #require(try await test.store.claimManifest(of: id, lease: TestStore.lease))
            #expect((job.state.filesDone, job.state.filesTotal) == (2, 2))
            #expect(try await test.store.objects(of: id, from: 0, many: 2).count == 3)
            #expect(
                try await test.store.history(of: id).filter { $0.what == "+" }.map(\.detail) == [
                    "file 0 stored, 3 bytes", "file 1 stored, 6 bytes",
                ])
            #expect(try await test.decide(.manifestWritten, job.claimed) == .applied(version: job.version + 1))
            #expect(try await test.store.job(id)?.state.status == .completed)
            #expect(try await test.redis.send(["EXISTS", "{lh:00}:files:a"]).int == 0)
            #expect(try await test.score("a") == nil)
        }
    }

    @Test("brings the job's manifest with the last file, claimed as by itself, also to a worker that asks again") func manifest()
        async throws
    {
        try await TestStore.run { test in
            let id = try await test.processing("a", files: ["x", "y"])
            let x = try #require(try await test.claimFile(0, id)), y = try #require(try await test.claimFile(1, id))
            let first = try #require(try await test.end(x, .stored, manifestLease: TestStore.lease))
            #expect(!first.isLast && first.manifest == nil)
            let before = try #require(try await test.store.job(id)).version
            let job = try #require(try await test.end(y, .stored, manifestLease: TestStore.lease)?.manifest)
            #expect((job.version, job.state.filesDone, job.state.manifestClaims) == (before + 1, 2, 1))
            let due = try #require(try await test.score("a"))
            #expect(try await due > test.store.now())
            let again = try #require(try await test.end(y, .stored, manifestLease: TestStore.lease)?.manifest)
            #expect((again.version, again.state.filesDone, again.state.manifestClaims) == (before + 2, 2, 1))
            #expect(try await test.decide(.manifestWritten, job.claimed) == .stale)
            #expect(try await test.decide(.manifestWritten, again.claimed) == .applied(version: again.version + 1))
            #expect(try await test.end(y, .stored, manifestLease: TestStore.lease) == nil)
        }
    }

    @Test("without success makes the job's timer due, and tells why") func givenUp() async throws {
        try await TestStore.run { test in
            let id = try await test.processing("a", files: ["x", "y"])
            _ = try await test.claimFile(0, id, lease: .zero)
            let second = try #require(try await test.claimFile(0, id))
            let verdict = try #require(TestStore.fileMachine(attempts: 1).verdictAtClaim(attempt: second.attempt, in: second.state))
            // Again, as after a lost answer.
            for _ in 0..<2 { #expect(try await test.store.applyFile(verdict, to: second)?.isLast == false) }
            let wake = try #require(try await test.wakes().first)
            #expect((wake.id, wake.state.filesFailed) == (id, 1))
            let job = try #require(try await test.store.job(id))
            #expect(job.fileError == JobError(code: "file-attempts-exhausted", message: "file x: 1 attempts brought no result"))
            #expect(try await test.store.history(of: id).last?.detail == "file 0 attempt 2 file-attempts-exhausted")
            let y = try #require(try await test.claimFile(1, id), "the others continue until the job's end is decided")
            try await test.decide(.watchdogFired(fileError: job.fileError), job.claimed)
            #expect(try await test.store.job(id)?.state.status == .failed)
            #expect(try await !test.store.extendFile(y, lease: TestStore.lease), "then their leases are lost")
            #expect(try await test.end(y, .stored, objects: [object]) == nil)
            #expect(try await test.store.failedFiles(of: id, from: 0, many: 2).map(\.error.code) == ["file-attempts-exhausted"])
        }
    }

    @Test("leaves the manifest to the job's watchdog when another file was given up") func storedAfterGivenUp() async throws {
        try await TestStore.run { test in
            let id = try await test.processing("a", files: ["x", "y"])
            let x = try #require(try await test.claimFile(0, id)), y = try #require(try await test.claimFile(1, id))
            _ = try await test.end(x, .failed(Failure(.permanent, code: "http-400", message: "no"), attempt: 1))
            #expect(try await test.wakes().map(\.state.filesFailed) == [1], "the loss is to be decided")
            #expect(try #require(try await test.score("a")) > (try await test.now()) + 20_000)
            let stored = try #require(try await test.end(y, .stored, objects: [object], manifestLease: TestStore.lease))
            #expect(!stored.isLast && stored.manifest == nil)
            #expect(try await test.wakes().map(\.state.filesDone) == [1], "and again, because all have ended")
            // As after a lost answer.
            let again = try #require(try await test.end(y, .stored, objects: [object], manifestLease: TestStore.lease))
            #expect(!again.isLast && again.manifest == nil)
            #expect(try await test.wakes().isEmpty, "decided once")
            let job = try #require(try await test.store.claimManifest(of: id, lease: TestStore.lease), "where files may be skipped")
            #expect((job.state.filesDone, job.state.filesFailed) == (1, 1))
        }
    }

    @Test("leaves the timer of the job alone while further files are listed") func givenUpWhileListing() async throws {
        try await TestStore.run { test in
            _ = try await test.list(["x", "y"], of: test.ready("a"), cursor: "p2")
            let id = try #require(JobID("a")), timer = try #require(try await test.score("a"))
            let x = try #require(try await test.claimFile(0, id)), y = try #require(try await test.claimFile(1, id))
            _ = try await test.end(x, .failed(Failure(.permanent, code: "http-400", message: "no"), attempt: 1))
            #expect(try await test.end(y, .stored, objects: [object], manifestLease: TestStore.lease)?.isLast == false)
            #expect(try await test.score("a") == timer)
        }
    }

    @Test("is forgotten by a retry unless the file is stored; tokens continue, so that nobody who had a file still has it") func retry()
        async throws
    {
        try await TestStore.run { test in
            let id = try await test.processing("a", files: ["x", "y", "z"])
            let x = try #require(try await test.claimFile(0, id)), zombie = try #require(try await test.claimFile(1, id))
            _ = try await test.end(x, .stored, objects: [object])
            let failure = Failure(.permanent, code: "http-400", message: "no")
            _ = try await test.end(try #require(try await test.claimFile(2, id)), .failed(failure, attempt: 1, deferredFor: nil))
            let job = try #require(try await test.store.job(id))
            try await test.decide(.watchdogFired(fileError: job.fileError), job.claimed)
            let version = try #require(try await test.retry(id))
            #expect(try await test.store.job(id)?.version == version)
            #expect(try await test.retry(id) == nil, "a second time changes nothing")
            let states = try await test.store.fileStates(of: id, from: 0, many: 4).states
            let restarted = FileState.listed(token: 2)
            #expect(states == [0: .stored(token: 1), 1: restarted, 2: restarted])
            #expect(try await test.store.failedFiles(of: id, from: 0, many: 3).isEmpty)
            #expect(try await test.publishMissing(id, many: 3, watchdog: .seconds(60)) == [1, 2])
            #expect(
                try await test.end(zombie, .failed(failure, attempt: 1, deferredFor: nil)) == nil, "who had it before gives it up no more")
            let again = try #require(try await test.claimFile(1, id))
            #expect((again.attempt, again.state.token) == (1, 3))
            #expect(try await !test.store.extendFile(zombie, lease: TestStore.lease))
            _ = try await test.end(try #require(try await test.claimFile(2, id)), .stored)
            #expect(try await test.end(again, .stored, objects: [object])?.isLast == true)
        }
    }

    @Test("brings a manifest whose claim goes on until a retry or a new export", arguments: [false, true]) func renewal(fromStart: Bool)
        async throws
    {
        try await TestStore.run { test in
            let id = try await test.processing("a", files: ["x"])
            let x = try #require(try await test.claimFile(0, id))
            let claimed = try #require(try await test.end(x, .stored, objects: [object], manifestLease: TestStore.lease)?.manifest)
            let other = try #require(try await test.store.claimManifest(of: id, lease: TestStore.lease))
            let renewed = try #require(try await test.store.renewManifestClaim(of: claimed, lease: TestStore.lease))
            #expect((renewed.version, renewed.state.manifestClaims) == (other.version + 1, 2), "another worker's claim changes no object")
            let failure = Failure(.permanent, code: "no", message: "no")
            try await test.decide(fromStart ? .cancelled : .stepFailed(failure), renewed.claimed)
            _ = try #require(try await test.retry(id, fromStart: fromStart))
            if fromStart {
                #expect(try await test.claim().waiting.map(\.id) == [id])
                let pending = try #require(try await test.store.start([id], lease: TestStore.lease).first)
                let polling = try await test.advanced(pending, by: .created(PollHints()), handle: #"{"id":"e2"}"#)
                _ = try await test.list(["x"], of: test.advanced(polling, by: .ready))
                _ = try await test.end(try #require(try await test.claimFile(0, id)), .stored, objects: [object])
            }
            for counting in [ManifestCount.nothing, .lessOne] {
                #expect(try await test.store.renewManifestClaim(of: renewed, lease: TestStore.lease, counting: counting) == nil)
            }
            let new = try #require(try await test.store.claimManifest(of: id, lease: TestStore.lease))
            #expect(try await test.store.renewManifestClaim(of: new, lease: TestStore.lease) != nil)
        }
    }

    @Test("is not retried by a caller that knows an older version") func staleRetry() async throws {
        try await TestStore.run { test in
            let id = try await test.processing("a", files: ["x"])
            let job = try #require(try await test.store.job(id))
            try await test.decide(.cancelled, job.claimed)
            let failed = try #require(try await test.store.job(id))
            let decision = try #require(TestStore.machine.decide(.retryRequested(fromStart: true), in: failed.state, random: 0))
            #expect(try await test.store.retry(job, decision, detail: "retried") == nil)
            #expect(try await test.store.retry(failed, decision, detail: "retried") == failed.version + 1)
        }
    }
}
