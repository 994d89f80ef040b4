import ExportCore
import Foundation
import JobMessages
import JobStore
import Lifecycle
import ObjectStorage
import RabbitMQ
import TestServers
import Testing

@testable import Worker

@Suite("A worker that transfers files", .needsServers, .serialized, .timeLimit(.minutes(5)))
struct TransferTests {
    @Test(
        "stores every file unpacked, writes the manifest last and completes the job",
        arguments: [
            #"{"files":3,"bytesPerFile":20000,"compression":"none"}"#, #"{"files":3,"bytesPerFile":20000,"compression":"gzip"}"#,
            #"{"files":2,"bytesPerFile":20000,"entries":5,"compression":"zip"}"#, #"{"files":1,"bytesPerFile":0,"compression":"none"}"#,
        ])
    func everyKind(order: String) async throws {
        try await WorkerFixture.run { fixture in
            let (id, truth) = try await fixture.processing("job-1", order: order)
            try await fixture.withWorker { _ in
                try await fixture.publish(id, files: 0..<truth.files.count)
                let job = try await fixture.end(of: id)
                #expect(job.state.status == .completed)
                #expect(job.state.filesDone == truth.files.count)
            }
            try await fixture.verify(id, truth)
            #expect(try await fixture.failures(of: id).isEmpty)
            try await fixture.expectNoPartialUploads()
        }
    }

    @Test("uploads large files in parts, and leaves no part behind")
    func large() async throws {
        try await WorkerFixture.run { fixture in
            let (id, truth) = try await fixture.processing("job-1", order: #"{"files":1,"bytesPerFile":20000000,"compression":"gzip"}"#)
            try await fixture.withWorker { _ in
                try await fixture.publish(id, files: 0..<1)
                #expect(try await fixture.end(of: id).state.status == .completed)
            }
            try await fixture.verify(id, truth)
            try await fixture.expectNoPartialUploads()
        }
    }

    @Test("spools the many entries of a zip on disk when they are too much for its memory")
    func manyEntries() async throws {
        try await WorkerFixture.run { fixture in
            let (id, truth) = try await fixture.processing(
                "job-1", order: #"{"files":1,"bytesPerFile":3000000,"entries":150,"compression":"zip"}"#)
            #expect(truth.objects.count == 150)
            var configuration = WorkerFixture.configuration
            configuration.stagedBytes = 50_000
            try await fixture.withWorker(configuration) { _ in
                try await fixture.publish(id, files: 0..<1)
                #expect(try await fixture.end(of: id).state.status == .completed)
            }
            try await fixture.verify(id, truth)
        }
    }

    @Test("stores the same in a folder")
    func folder() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "worker-\(UUID().uuidString)")
        defer { do { try FileManager.default.removeItem(at: folder) } catch { Issue.record(error) } }
        try await WorkerFixture.run { fixture in
            let (id, truth) = try await fixture.processing(
                "job-1", order: #"{"files":2,"bytesPerFile":9000,"entries":2,"compression":"zip"}"#)
            let storage = FolderStorage(path: folder.path, logger: quiet)
            try await fixture.withWorker(storage: storage) { _ in
                try await fixture.publish(id, files: 0..<2)
                #expect(try await fixture.end(of: id).state.status == .completed)
            }
            let key = ObjectKey(try await fixture.store.job(id).unwrapped("job"))
            for (name, expected) in truth.objects {
                let bytes = try Data(contentsOf: folder.appending(path: key.object(name)))
                #expect(Int64(bytes.count) == expected.bytes)
            }
            #expect(try await storage.exists(key: key.manifest))
        }
    }

    @Test("takes messages of every priority, and ignores duplicates")
    func duplicates() async throws {
        try await WorkerFixture.run { fixture in
            let (id, truth) = try await fixture.processing("job-1", order: #"{"files":6,"bytesPerFile":5000,"compression":"gzip"}"#)
            try await fixture.withWorker { _ in
                for priority in JobPriority.allCases { try await fixture.publish(id, files: 0..<6, priority) }
                #expect(try await fixture.end(of: id).state.status == .completed)
                try await fixture.publish(id, files: 0..<6)
                for queue in QueueNames.allDownloads { try await fixture.waitUntilEmpty(queue) }
            }
            try await fixture.verify(id, truth)
            #expect(try await fixture.downloads() == 6)
        }
    }

    @Test("writes the manifest of a job whose last worker died before it, and writes the same one again")
    func manifestAfterDeath() async throws {
        try await WorkerFixture.run { fixture in
            let (id, _) = try await fixture.processing("job-1", order: #"{"files":2,"bytesPerFile":100,"compression":"none"}"#)
            for index in 0..<2 {
                let file = try await fixture.claim(index, of: id)
                let object = StoredObject(name: "f\(index)", source: "s", bytes: 1, sha256: "aa", key: "k\(index)")
                let end = await fixture.files.carryOut(.stored, on: file, machine: FileMachine(), objects: [object], while: { false })
                guard case .stored = end else { throw FixtureError("file \(index) was not stored: \(end)") }
            }
            let job = try await fixture.job(id)
            let step = ManifestStep(
                store: fixture.store, storage: fixture.storage, interpreter: fixture.jobs, watch: StorageWatch(),
                cleanup: .none, lease: .seconds(30), metrics: WorkerMetrics(LifecycleMetrics()), logger: quiet)
            let first = try await step.claim(id).unwrapped("claim")
            // Another worker takes over its claim, so that the manifest is written and the job is not completed.
            let second = try await step.claim(id)
            #expect(second != nil)
            await step.run(first)
            let before = try await fixture.storage.get(key: ObjectKey(job).manifest, maxBytes: 1 << 20)
            #expect(try await fixture.manifest(of: id).objects.map(\.name) == ["f0", "f1"])
            await step.run(first)
            #expect(try await fixture.storage.get(key: ObjectKey(job).manifest, maxBytes: 1 << 20) == before)
        }
    }

    @Test("removes what an export that was left behind has stored, and nothing else, before the manifest is written")
    func leftBehind() async throws {
        try await WorkerFixture.run { fixture in
            let (id, truth) = try await fixture.processing(
                "job-1", order: #"{"files":2,"bytesPerFile":100,"entries":2,"compression":"zip"}"#)
            _ = try await fixture.redis.send(["HSET", "{lh:00}:job:job-1", "creation", "1"])
            let key = ObjectKey(try await fixture.job(id))
            let old = [key.object("old.csv"), key.object("old/a b.csv"), key.manifest], others = [key.folder + "x/a.csv", "other/a.csv"]
            for key in old + others { try await fixture.storage.put(key: key, bytes: [1], contentType: "text/csv") }
            try await fixture.withWorker { _ in
                try await fixture.publish(id, files: 0..<2)
                #expect(try await fixture.end(of: id).state.status == .completed)
            }
            try await fixture.verify(id, truth)
            for key in old.dropLast() { #expect(try await !fixture.storage.exists(key: key), "\(key)") }
            for key in others { #expect(try await fixture.storage.exists(key: key), "\(key)") }
        }
    }

    @Test("removes nothing and writes no manifest for an export that was left behind while its worker was frozen")
    func frozenManifest() async throws {
        try await WorkerFixture.run { fixture in
            let id = try await fixture.store(fixture.request("job-1"), [], handle: "{}")
            let creation = { (number: String) in
                _ = try await fixture.redis.send(["HSET", "{lh:00}:job:job-1", "creation", .string(number)])
            }
            try await creation("1")
            let step = ManifestStep(
                store: fixture.store, storage: fixture.storage, interpreter: fixture.jobs, watch: StorageWatch(),
                cleanup: .none, lease: .seconds(30), metrics: WorkerMetrics(LifecycleMetrics()), logger: quiet)
            let job = try await step.claim(id).unwrapped("claim").job
            let old = ManifestClaim(job, requestedAt: .now - .seconds(9), lease: .seconds(30), objects: [])
            try await creation("2")
            let new = ObjectKey(job).object("new.csv")
            try await fixture.storage.put(key: new, bytes: [1], contentType: "text/csv")
            await step.run(old)
            #expect(try await fixture.storage.exists(key: new))
            #expect(try await !fixture.storage.exists(key: ObjectKey(job).manifest))
            #expect(try await fixture.job(id).state.status == .processing)
        }
    }

    @Test("stores nothing when the removal of an earlier manifest lasted until another worker had the file")
    func slowRemoval() async throws {
        try await WorkerFixture.run { fixture in
            let (id, _) = try await fixture.processing("job-1", order: #"{"files":1,"bytesPerFile":100,"compression":"none"}"#)
            _ = try await fixture.redis.send(["HSET", "{lh:00}:job:job-1", "creation", "1"])
            let folder = ObjectKey(try await fixture.job(id)).folder + "/"
            let storage = SlowRemoval(storage: fixture.storage) {
                _ = try await fixture.redis.send(["HSET", "{lh:00}:files:job-1", "0.state", "leased 9"])
                let begun = ContinuousClock.now
                try await eventually(within: WorkerFixture.deadline, "a lease that is not fresh") { .now - begun > FileLease.freshTime }
            }
            try await fixture.withWorker(storage: storage) { worker in
                try await fixture.publish(id, files: 0..<1)
                try await eventually(within: WorkerFixture.deadline, "the removal") { storage.removals.withLock { $0 > 0 } }
                try await worker.shutDown()
            }
            #expect(try await fixture.storage.list(prefix: folder, after: nil).keys.isEmpty)
        }
    }

    @Test("completes a job with only a manifest message")
    func manifestMessage() async throws {
        try await WorkerFixture.run { fixture in
            let id = try await fixture.store(fixture.request("job-1"), [], handle: "{}")
            try await fixture.withWorker { _ in
                try await fixture.publishManifest(id)
                #expect(try await fixture.end(of: id).state.status == .completed)
            }
            #expect(try await fixture.manifest(of: id).objects.isEmpty)
        }
    }
}

extension WorkerFixture {
    func waitUntilEmpty(_ queue: String) async throws {
        try await eventually(within: Self.deadline, "\(queue) to be empty") {
            try await administrator.depth(queue).messages == 0
        }
    }
}
