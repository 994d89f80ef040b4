import EventThread
import ExportCore
import Foundation
import JobStore
import ObjectStorage
import TestServers
import Testing
import Trail

@testable import Worker

@Suite("The trail in the object storage", .needsServers) struct TrailArchiveTests {
    /// Runs an archive until the condition holds.
    private func archive(
        _ fixture: WorkerFixture, to storage: (any ObjectStorage)? = nil, until condition: @escaping () async throws -> Bool
    ) async throws {
        let archive = TrailArchive(
            store: fixture.store, storage: storage ?? fixture.storage, owner: "w-\(UUID())", logger: quiet, on: fixture.thread
        ) { false }
        let running = Task { await archive.run() }
        do {
            try await eventually(within: WorkerFixture.deadline, "the trail is stored") { try await condition() }
        } catch {
            await archive.stop()
            throw error
        }
        await archive.stop()
        await running.value
    }

    /// A job that has been checked so often, and what its checks found.
    private func waiting(_ name: String, checks: Int, _ fixture: WorkerFixture) async throws -> ClaimedJob {
        let id = try JobID(name).unwrapped("id"), store = fixture.store
        _ = try await store.admit([JobRequest(id: id, provider: "acme")], watchdog: .seconds(600))
        _ = try await store.take(from: "acme", limit: 100, limits: StartLimits())
        var job = try await store.start([id], lease: .seconds(600)).first.unwrapped("a started job")
        let machine = JobMachine(rules: JobRules(maxAttempts: 5000))
        func apply(_ event: JobEvent, _ detail: String, isCheck: Bool) async throws {
            let decision = try machine.decide(event, in: job.state, random: 0.5).unwrapped("a decision")
            let change = JobChange(job, decision, detail: detail, isCheck: isCheck)
            guard case .applied(let version, _) = try await store.apply([change])[0].get() else { throw TestServersError("stale") }
            job = change.stored(as: version)
        }
        try await apply(.created(PollHints()), "x", isCheck: false)
        for number in 0..<checks { try await apply(.notReady(PollHints()), "running \(number)", isCheck: true) }
        return job
    }

    private func whole(_ id: JobID, _ fixture: WorkerFixture) async throws -> [TrailEvent] {
        var reader = TrailReader(store: fixture.store, storage: fixture.storage)
        let history = try await reader.read(id).unwrapped("a history")
        #expect(!history.isIncomplete)
        return history.events
    }

    private func found(_ events: [TrailEvent]) -> [String] { events.filter { $0.name == "check" }.map(\.entry.detail) }

    @Test("has what does not fit beside waiting jobs, and the whole history is read from both places") func lines() async throws {
        try await WorkerFixture.run { fixture in
            // Enough lines for an object, and some more later.
            let a = try await waiting("a", checks: 1500, fixture)
            try await archive(fixture) { try await fixture.store.trails().waiting < 100 }
            let keys = try await fixture.storage.list(prefix: TrailObject.folder + "/").keys
            #expect(!keys.isEmpty)
            let b = try await waiting("b", checks: 90, fixture)
            #expect(found(try await whole(a.id, fixture)) == (0..<1500).map { "running \($0)" })
            #expect(found(try await whole(b.id, fixture)) == (0..<90).map { "running \($0)" })
        }
    }

    @Test("has the whole history of a job that has ended, beside its manifest; stored again it is the same") func ended() async throws {
        try await WorkerFixture.run { fixture in
            let job = try await waiting("a", checks: 500, fixture)
            let machine = JobMachine(rules: JobRules(maxAttempts: 5000))
            let decision = try machine.decide(.cancelled, in: job.state, random: 0).unwrapped("a decision")
            _ = try await fixture.store.apply([JobChange(job, decision, detail: "cancelled")])[0].get()
            let record = try await fixture.store.job(job.id).unwrapped("the job"), key = ObjectKey(record).history
            try await archive(fixture) { try await fixture.storage.exists(key: key) }
            let bytes = try await fixture.storage.get(key: key, maxBytes: 1 << 20)
            let history = try ArchivedHistory(bytes, key)
            #expect(history.job.state.status == .failed && history.job.error?.code == JobError.cancelled)
            #expect(found(history.events) == (0..<500).map { "running \($0)" })
            #expect(history.events.last?.entry.what == "FAILED")

            var reader = TrailReader(store: fixture.store, storage: fixture.storage)
            #expect(try await reader.archive(job.id, in: fixture.storage))
            #expect(try await fixture.storage.get(key: key, maxBytes: 1 << 20) == bytes)

            let search = ArchiveSearch(
                storage: fixture.storage, providers: ["other", "acme"], lastDays: 3, now: record.createdAt + 2 * 86_400_000)
            #expect(try await search.find(job.id)?.job.id == job.id)
            #expect(try await search.find(try JobID("b").unwrapped("id")) == nil)
        }
    }

    @Test("is not written for a job that somebody has retried since") func retried() async throws {
        try await WorkerFixture.run { fixture in
            let job = try await waiting("a", checks: 1, fixture)
            let machine = JobMachine(rules: JobRules(maxAttempts: 5000))
            let failed = try machine.decide(.cancelled, in: job.state, random: 0).unwrapped("a decision")
            _ = try await fixture.store.apply([JobChange(job, failed)])[0].get()
            let record = try await fixture.store.job(job.id).unwrapped("the job")
            let retry = try machine.decide(.retryRequested(fromStart: true), in: record.state, random: 0).unwrapped("a decision")
            _ = try await fixture.store.retry(record, retry, detail: "retried", by: "ann@desk")
            try await archive(fixture) { try await fixture.store.trails().waiting == 0 }
            #expect(try await !fixture.storage.exists(key: ObjectKey(record).history))
            #expect(try await whole(job.id, fixture).suffix(2).map(\.entry.what) == ["*", "PENDING"])
        }
    }

    @Test("stays in the store while the object storage is away, and is stored when it is back") func outage() async throws {
        try await WorkerFixture.run { fixture in
            let job = try await waiting("a", checks: 1, fixture)
            let failed = try JobMachine(rules: JobRules(maxAttempts: 5000)).decide(.cancelled, in: job.state, random: 0).unwrapped(
                "a decision")
            _ = try await fixture.store.apply([JobChange(job, failed)])[0].get()
            let gone = FolderStorage(path: "/proc/longhaul", logger: quiet)
            let archive = TrailArchive(store: fixture.store, storage: gone, owner: "w-1", logger: quiet, on: fixture.thread) { false }
            let running = Task { await archive.run() }
            try await eventually(within: WorkerFixture.deadline, "somebody has tried") {
                try await fixture.redis.send(["EXISTS", "{lh:00}:trail:owner"]).int == 1
            }
            await archive.stop()
            await running.value
            #expect(try await fixture.store.trails().waiting == 1)
            _ = try await fixture.redis.send(["DEL", "{lh:00}:trail:owner"])
            try await self.archive(fixture) { try await fixture.store.trails().waiting == 0 }
        }
    }
}
