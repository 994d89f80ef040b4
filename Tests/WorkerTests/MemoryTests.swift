import Foundation
import ObjectStorage
import Synchronization
import Testing

@testable import Worker

@Suite("The memory of a worker", .serialized)
struct MemoryTests {
    /// Resident bytes of this process.
    private static func resident() throws -> Int {
        let fields = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8).split(separator: " ")
        return (fields.count > 1 ? Int(fields[1]) ?? 0 : 0) * sysconf(Int32(_SC_PAGESIZE))
    }

    @Test("does not grow with the file")
    func largeFile() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "worker-\(UUID().uuidString)")
        defer { do { try FileManager.default.removeItem(at: folder) } catch { Issue.record(error) } }
        try await WorkerFixture.run { fixture in
            let bytes = 300_000_000
            let (id, truth) = try await fixture.processing(
                "job-1", order: #"{"files":1,"bytesPerFile":\#(bytes),"compression":"gzip"}"#)
            let before = try Self.resident()
            let highest = Mutex(before)
            let storage = FolderStorage(path: folder.path, logger: quiet)
            let watch = Task {
                while !Task.isCancelled {
                    let now = try Self.resident()
                    highest.withLock { $0 = max($0, now) }
                    try await Task.sleep(for: .milliseconds(20))
                }
            }
            try await fixture.withWorker(storage: storage) { _ in
                try await fixture.publish(id, files: 0..<1)
                #expect(try await fixture.end(of: id).state.status == .completed)
            }
            watch.cancel()
            #expect(truth.objects.values.first?.bytes == Int64(bytes))
            #expect(highest.withLock { $0 } - before < 64 << 20)
        }
    }
}
