import Crypto
import Synchronization

/// The true size and checksums of a file, as served and unpacked.
struct FileFacts: Sendable, Hashable {
    /// As served.
    var bytes: Int
    var sha256: [UInt8]
    /// Empty unless listings include it.
    var md5: [UInt8]
    /// SHA-256 of the unpacked bytes of each entry, in layout order.
    var entrySHA256: [[UInt8]]

    /// Generates the whole file once in constant memory: about 3 ms per megabyte, 10 ms if compressed.
    ///
    /// - Parameter isCancelled: called once per chunk; true while the sandbox is stopping.
    /// - Throws: `ArchiveWriterError`, or `CancellationError`.
    init(_ layout: FileLayout, withMD5: Bool, isCancelled: () -> Bool) throws {
        var producer = try FileProducer(layout)
        var served = SHA256()
        var md5 = Insecure.MD5()
        var entries = [SHA256](repeating: SHA256(), count: layout.entries.count)
        bytes = 0
        while let piece = try producer.next(observing: { entries[$0].update(data: $1) }) {
            if isCancelled() { throw CancellationError() }
            served.update(data: piece)
            if withMD5 { md5.update(data: piece) }
            bytes += piece.count
        }
        sha256 = Array(served.finalize())
        self.md5 = withMD5 ? Array(md5.finalize()) : []
        entrySHA256 = entries.map { Array($0.finalize()) }
    }
}

/// Caches file facts and evicts the oldest first: an export is listed and downloaded soon after it is ready.
final class FileFactsCache: Sendable {
    private let withMD5: Bool
    private let isStopped = Atomic(false)
    private let state: Mutex<State>

    private struct State {
        var facts: [Key: FileFacts] = [:]
        /// Keys in insertion order; those before `oldest` have been evicted.
        var order: [Key] = []
        var oldest = 0
        var digests = 0
    }

    private struct Key: Hashable {
        var export: ExportID
        var index: Int
    }

    /// The maximum number of checksums, at about 100 bytes each.
    private static let capacity = 200_000

    init(withMD5: Bool) {
        self.withMD5 = withMD5
        state = Mutex(State())
    }

    /// The facts of a file, computed if not cached. Blocks while it computes, so do not call it on an event loop.
    ///
    /// - Throws: `ArchiveWriterError`, or `CancellationError` after `stop()`.
    func facts(of layout: FileLayout) throws -> FileFacts {
        let key = Key(export: layout.export, index: layout.index)
        if let known = state.withLock({ $0.facts[key] }) { return known }
        let facts = try FileFacts(layout, withMD5: withMD5) { isStopped.load(ordering: .relaxed) }
        remember(facts, key)
        return facts
    }

    /// Soon ends running computations.
    func stop() {
        isStopped.store(true, ordering: .relaxed)
    }

    private func remember(_ facts: FileFacts, _ key: Key) {
        state.withLock { state in
            guard state.facts.updateValue(facts, forKey: key) == nil else { return }
            state.order.append(key)
            state.digests += 1 + facts.entrySHA256.count
            while state.digests > Self.capacity, state.oldest + 1 < state.order.count {
                let dropped = state.facts.removeValue(forKey: state.order[state.oldest])
                state.digests -= 1 + (dropped?.entrySHA256.count ?? 0)
                state.oldest += 1
            }
            if state.oldest > 4_096, state.oldest * 2 > state.order.count {
                state.order.removeFirst(state.oldest)
                state.oldest = 0
            }
        }
    }
}
