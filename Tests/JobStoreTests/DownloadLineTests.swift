import ExportCore
import TestServers
import Testing

@testable import JobStore

@Suite("The download line", .needsServers) struct DownloadLineTests {
    private static let published = FileMachine().decide(.published, in: .listed(token: 0))

    private func lineUp(_ names: [String], tenant: String = "default", in test: TestStore) async throws {
        for name in names { try await test.store.lineUp(try test.request(name, tenant: tenant)) }
    }

    private func turns(_ limit: Int, _ priority: JobPriority = .normal, in test: TestStore) async throws -> [String] {
        try await test.store.nextTurns([priority: limit]).map(\.id.text)
    }

    @Test("gives turns among tenants, and within a tenant among its jobs") func order() async throws {
        try await TestStore.run { test in
            try await lineUp(["a1", "a2", "a3"], tenant: "a", in: test)
            try await lineUp(["b1"], tenant: "b", in: test)
            #expect(try await turns(8, in: test) == ["a1", "b1", "a2", "b1", "a3", "b1", "a1", "b1"])
            try await lineUp(["c1"], tenant: "c", in: test)
            #expect(try await turns(4, in: test) == ["a2", "b1", "c1", "a3"], "who comes later takes a turn with the others")
            #expect(try await turns(3, .high, in: test) == [])
            #expect(try await test.store.downloadLine() == [.high: 0, .normal: 5, .low: 0])
        }
    }

    @Test("keeps the place of a job that is lined up twice, and gives several turns to one that is alone") func twice() async throws {
        try await TestStore.run { test in
            try await lineUp(["a", "b", "a"], in: test)
            #expect(try await turns(3, in: test) == ["a", "b", "a"])
            #expect(try await test.store.downloadLine()[.normal] == 2)
        }
        try await TestStore.run { test in
            try await lineUp(["a"], in: test)
            #expect(try await turns(3, in: test) == ["a", "a", "a"])
        }
    }

    @Test("lets a job leave after its last turn, unless it was lined up again or had another turn meanwhile") func leaving() async throws {
        try await TestStore.run { test in
            try await lineUp(["a"], in: test)
            let first = try await test.store.nextTurns([.normal: 1])
            try await lineUp(["a"], in: test)
            #expect(try await test.store.leaveLine(first) == 0, "new files are listed since")
            let second = try await test.store.nextTurns([.normal: 1])
            let third = try await test.store.nextTurns([.normal: 1])
            #expect(try await test.store.leaveLine(second) == 0)
            #expect(try await test.store.leaveLine(third) == 1)
            #expect(try await test.store.leaveLine(third) == 0)
            #expect(try await test.store.nextTurns([.normal: 1]).isEmpty)
            #expect(try await test.store.downloadLine()[.normal] == 0)
            #expect(try await test.redis.send(["KEYS", "{lh:downloads}:[lt]*:*"]).elements?.isEmpty == true)
        }
    }

    @Test("is served in turns whatever comes and goes") func anything() async throws {
        for seed in Seeds.given(else: [1, 2]) {
            try await TestStore.run { test in
                var walk = LineWalk(seed: seed, test)
                do {
                    try await walk.run(steps: 600)
                } catch {
                    Issue.record("LONGHAUL_SEED=\(seed): \(error)")
                }
            }
        }
    }

    @Test("queues the listed files of a job in their order, each once") func files() async throws {
        try await TestStore.run { test in
            let decision = try #require(Self.published)
            let job = try await test.ready("a")
            _ = try await test.list((0..<450).map { "f\($0)" }, of: job, atOnce: 16)
            // A message that came before its time.
            let early = try #require(try await test.claimFile(17, job.id))
            #expect(early.state == .leased(token: 1))
            let first = try await test.store.queueFiles(of: job.id, limit: 3, decision: decision)
            #expect(first.files.map(\.index) == [16, 18, 19])
            #expect((first.files.map(\.token), first.hasMore, first.correlationID) == ([0, 0, 0], true, "c-a"))
            let rest = try await test.store.queueFiles(of: job.id, limit: 1000, decision: decision)
            #expect((rest.files.map(\.index), rest.hasMore) == (Array(20..<450), false))
            #expect(try await test.store.queueFiles(of: job.id, limit: 1, decision: decision).files.isEmpty)
        }
    }

    @Test("has nothing for a job that has ended or is unknown") func ended() async throws {
        try await TestStore.run { test in
            let decision = try #require(Self.published)
            let job = try await test.ready("a")
            _ = try await test.list(["1", "2"], of: job, cursor: "p2", atOnce: 0)
            try await test.decide(.cancelled, try #require(try await test.store.job(job.id)).claimed)
            for name in ["a", "nobody"] {
                let queued = try await test.store.queueFiles(of: try #require(JobID(name)), limit: 1, decision: decision)
                #expect((queued.files, queued.hasMore) == ([], false))
            }
        }
    }

    @Test("has the files of a retried job that are not stored, with newer tokens, from the first on") func retried() async throws {
        try await TestStore.run { test in
            let decision = try #require(Self.published)
            let id = try await test.processing("a", files: ["1", "2", "3"])
            _ = try await test.store.queueFiles(of: id, limit: 5, decision: decision)
            let permanent = Failure(.permanent, code: "http-400", message: "no")
            _ = try await test.end(try #require(try await test.claimFile(1, id)), .stored)
            _ = try await test.end(try #require(try await test.claimFile(0, id)), .failed(permanent, attempt: 1))
            try await test.decide(.watchdogFired(fileError: nil), try #require(try await test.store.job(id)).claimed)
            try #require(try await test.retry(id) != nil)
            let queued = try await test.store.queueFiles(of: id, limit: 5, decision: decision)
            #expect(queued.files == [QueuedFiles.File(index: 0, token: 2), QueuedFiles.File(index: 2, token: 2)])
        }
    }
}
