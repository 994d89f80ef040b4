import ExportCore
import JobStore
import ObjectStorage

/// The whole history of a job that the store knows: what its record holds, and the lines that have moved away, in the trail or in the object
/// storage.
public struct TrailReader {
    private let store: JobStore
    private let storage: any ObjectStorage
    /// The last objects that were read: lines that followed each other often lie in one.
    private var objects: [(key: String, entries: [TrailMark: TrailLines])] = []
    private static let keptObjects = 4

    public init(store: JobStore, storage: any ObjectStorage) {
        self.store = store
        self.storage = storage
    }

    /// A job and all lines of its history.
    public struct History {
        public var job: Job
        public var pieces: [String]
        /// What was lost because the trail was full.
        public var lost: [HistoryEntry]
        /// The trail names lines that are nowhere.
        public var isIncomplete = false

        public var events: [TrailEvent] { TrailEvent.all(pieces, lost: lost, createdAt: job.createdAt) }
    }

    /// - Returns: `nil` if there is no such job, or its record has expired.
    /// - Throws: `JobStoreError` or `ObjectStorageError`.
    public mutating func read(_ id: JobID) async throws -> History? {
        guard let (job, recorded) = try await store.recorded(id) else { return nil }
        let lost = recorded.moved.filter { $0.what == HistoryEntry.lost }
        var history = History(job: job, pieces: [recorded.lines], lost: lost)
        var next = recorded.before
        while let mark = next {
            guard let lines = try await lines(at: mark, of: id) else {
                history.isIncomplete = true
                break
            }
            history.pieces.append(lines.text)
            // Only ever backwards, whatever an object says.
            next = lines.before.flatMap { $0 < mark ? $0 : nil }
        }
        history.pieces.reverse()
        return history
    }

    private mutating func lines(at mark: TrailMark, of id: JobID) async throws -> TrailLines? {
        if let found = objects.lazy.compactMap({ $0.entries[mark] }).first(where: { $0.job == id.text }) { return found }
        if let waiting = try await store.trailLines(at: mark, of: id) { return waiting }
        // Moved away by now: it was stored first.
        let partition = id.partition(of: store.partitions)
        var keys: [String] = [], token: String?
        repeat {
            let page = try await storage.list(prefix: TrailObject.folder(of: mark, partition: partition), after: token)
            keys += page.keys
            token = page.next
        } while token != nil
        guard let key = TrailObject.key(of: mark, partition: partition, among: keys) else { return nil }
        guard let entries = try await entries(of: key) else { return nil }
        if objects.count == Self.keptObjects { objects.removeFirst() }
        objects.append((key, entries))
        return entries[mark].flatMap { $0.job == id.text ? $0 : nil }
    }

    /// - Returns: `nil` if the object is gone, or is none of ours: the history is incomplete then, and that of other jobs is not held up.
    private func entries(of key: String) async throws -> [TrailMark: TrailLines]? {
        do {
            return try TrailObject.decode(try await storage.get(key: key, maxBytes: TrailObject.longest), key)
        } catch is TrailError {
            return nil
        } catch let error as ObjectStorageError where error.kind == .notFound || error.kind == .tooLarge {
            return nil
        }
    }
}
