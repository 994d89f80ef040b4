import EventThread
import ExportCore
import Foundation
import Lifecycle
import ObjectStorage
import Redis
import Testing

@testable import JobStore
@testable import Worker

@Suite("Staged objects")
struct StagedObjectsTests {
    private let thread = EventThread(name: "staged-test")
    private let root = FileManager.default.temporaryDirectory.appending(path: "staged-\(UUID().uuidString)").path

    private func staged(budget: Int) -> (StagedObjects, FolderStorage) {
        let storage = FolderStorage(path: root, logger: quiet)
        let spool = Spool(in: FileManager.default.temporaryDirectory.path, limit: 64 << 20, on: thread)
        return (StagedObjects(in: storage, spool: spool, source: "s", budget: budget, on: thread), storage)
    }

    /// A lease that is not extended.
    private func lease(since: ContinuousClock.Instant) throws -> FileLease {
        let redis = Redis(RedisConfiguration(host: "127.0.0.1", port: 1), on: thread, logger: quiet)
        let store = JobStore(redis: redis, claims: redis, partitions: 1, on: thread)
        let job = Job(request: JobRequest(id: try JobID("a").unwrapped("id"), provider: "acme"))
        let claimed = ClaimedFile(
            job: job, index: 0, state: .leased(token: 1), attempt: 1, file: FileTask(name: "f", url: "u", listedName: "f"))
        let extensions = LifecycleMetrics().extendedFiles
        return FileLease(claimed, since: since, length: .seconds(5), store: store, extensions: extensions, logger: quiet, on: thread)
    }

    private func stage(_ sizes: [Int], in objects: StagedObjects) async throws {
        for (index, size) in sizes.enumerated() {
            await objects.begin(name: "f\(index)", key: "k/f\(index)")
            var left = size
            while left > 0 {
                let count = min(left, 300_000)
                try await objects.write([UInt8](repeating: UInt8(index), count: count))
                left -= count
            }
            try await objects.end()
        }
    }

    @Test("get their names all together, from memory, from the spool and from uploads, in order")
    func commit() async throws {
        defer { do { try FileManager.default.removeItem(atPath: root) } catch { Issue.record(error) } }
        let (objects, storage) = staged(budget: 1000)
        let sizes = [0, 900, 50_000, 9_000_000, 100, 2_000_000, 8 << 20]
        try await stage(sizes, in: objects)
        for index in sizes.indices { #expect(try await !storage.exists(key: "k/f\(index)")) }
        let stored = try await objects.commit(under: try lease(since: .now))
        #expect(stored.map(\.name) == sizes.indices.map { "f\($0)" })
        #expect(stored.map(\.bytes) == sizes.map(Int64.init))
        for (index, size) in sizes.enumerated() {
            let found = try await storage.get(key: "k/f\(index)", maxBytes: 16 << 20)
            #expect(found == [UInt8](repeating: UInt8(index), count: size))
        }
    }

    @Test("get no names when the lease has expired, as in a process that was frozen")
    func frozen() async throws {
        defer { do { try FileManager.default.removeItem(atPath: root) } catch { Issue.record(error) } }
        let (objects, storage) = staged(budget: 1000)
        let sizes = [10, 5000, 9_000_000]
        try await stage(sizes, in: objects)
        let late = try lease(since: .now - .seconds(6))
        await #expect(throws: LeaseLost.self) { try await objects.commit(under: late) }
        await objects.abort()
        for index in sizes.indices { #expect(try await !storage.exists(key: "k/f\(index)")) }
        #expect(try await storage.removeStaleUploads(olderThan: .zero) == 0)
    }
}
