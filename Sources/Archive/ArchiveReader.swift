import EventThread

/// One file of an archive.
public struct ArchiveEntry: Sendable, Equatable {
    /// The name as it stands in the archive: untrusted, see `SafePath`. `nil` for what has no name: a gzip, and bytes that are
    /// not packed.
    public let path: String?
    /// Bytes unpacked, where the archive tells before the data comes.
    public let size: Int64?
}

/// Unpacks a stream of bytes as they come, entry by entry, in bounded memory.
///
/// ```swift
/// let reader = ArchiveReader(.auto) { try await download.next() }
/// while let entry = try await reader.nextEntry() {
///     while let chunk = try await reader.read() { … }
/// }
/// ```
/// A gzip, and what is not packed, is one entry without a name. Of a zip the regular files come in the order in which they
/// stand in it; directories are passed over. Other kinds of entries end the reading with `unsupported`, where the archive tells
/// them before the data: most zips keep the kind in the directory at their end alone, so that a symbolic link comes as a small
/// file that holds its target. Entries are not unpacked in turn.
///
/// The packed bytes are pulled by `source` inside the calls of the reader, never before somebody asks. Unpacking runs on a
/// thread of the reader's own, which ends with the archive, with an error, when the reading task is cancelled, with `close()`,
/// and when the reader is let go. One caller at a time.
public actor ArchiveReader {
    /// The packed bytes, chunk by chunk, `nil` at their end. Chunks of 64 to 256 KiB cost least.
    public typealias Source = @Sendable () async throws -> [UInt8]?

    private let source: Source
    private let handover = Handover()
    private var phase = Phase.new
    private var isInEntry = false
    private var isBusy = false
    /// Of bytes that are not packed: those that were read to tell so.
    private var peeked: [UInt8] = []
    private var meter: ArchiveMeter

    /// What the bytes are: after the first `nextEntry`, never `auto`.
    public private(set) var compression: Compression

    private enum Phase {
        case new
        case unpacking
        case passingThrough
        case ended
        case failed(ArchiveError)
    }

    public init(_ compression: Compression, limits: ArchiveLimits = ArchiveLimits(), source: @escaping Source) {
        self.compression = compression
        self.source = source
        self.meter = ArchiveMeter(limits)
    }

    deinit { handover.close() }

    /// Ends the thread; what has not been read is lost. Without effect after the end.
    public func close() {
        handover.close()
        if case .ended = phase { return }
        if case .failed = phase { return }
        phase = .failed(ArchiveError(.closed, "reader was closed"))
    }

    /// The next regular file, after what is left of the present one was read and verified; `nil` at the end of the archive,
    /// when all of it has proved sound.
    public func nextEntry() async throws(ArchiveError) -> ArchiveEntry? {
        try begin()
        defer { isBusy = false }
        if case .new = phase { try await start() }
        while true {
            switch try await advance() {
            case .entry(let entry):
                isInEntry = true
                return entry
            case .chunk: continue
            case .endOfEntry: isInEntry = false
            case .endOfArchive: return nil
            case .failed(let error): throw error
            }
        }
    }

    /// The next bytes of the present entry, at most 256 KiB (what is not packed comes as the source gave it); `nil` at its end,
    /// when its checksum has proved right.
    public func read() async throws(ArchiveError) -> [UInt8]? {
        try begin()
        defer { isBusy = false }
        guard isInEntry else { return nil }
        switch try await advance() {
        case .chunk(let bytes): return bytes
        case .failed(let error): throw error
        case .entry, .endOfEntry, .endOfArchive:
            isInEntry = false
            return nil
        }
    }
}

extension ArchiveReader {
    private func begin() throws(ArchiveError) {
        if case .failed(let error) = phase { throw error }
        if isBusy { throw ArchiveError(.closed, "is being read by another caller") }
        isBusy = true
    }

    private func fail(_ error: ArchiveError) -> ArchiveError {
        handover.close()
        // `close()` may have come first, and with it the reason.
        if case .failed(let first) = phase { return first }
        phase = .failed(error)
        return error
    }

    private func fetch() async throws(ArchiveError) -> [UInt8]? {
        do {
            return try await source()
        } catch is CancellationError {
            throw fail(ArchiveError(.cancelled, "was no longer wanted"))
        } catch {
            throw fail(ArchiveError(.source, "could not be fetched to its end", cause: error))
        }
    }

    /// Finds out what the bytes are, and starts the thread where there is something to unpack.
    private func start() async throws(ArchiveError) {
        while compression == .auto {
            guard let chunk = try await fetch() else {
                compression = Compression.detect(peeked)
                break
            }
            peeked += chunk
            if peeked.count >= Compression.signatureLength { compression = Compression.detect(peeked) }
        }
        if case .failed(let error) = phase { throw error }
        if compression == .none {
            phase = .passingThrough
        } else {
            phase = .unpacking
            let unpacking = Unpacking(compression: compression, firstBytes: peeked, meter: meter, handover: handover)
            peeked = []
            Pthread.start("archive") { unpacking.run() }
        }
    }

    private func advance() async throws(ArchiveError) -> Unpacked {
        switch phase {
        case .failed(let error): throw error
        case .new, .ended: return .endOfArchive
        case .passingThrough: return try await passThrough()
        case .unpacking: return try await unpack()
        }
    }

    private func passThrough() async throws(ArchiveError) -> Unpacked {
        if !isInEntry { return .entry(ArchiveEntry(path: nil, size: nil)) }
        var chunk: [UInt8]? = peeked
        peeked = []
        while let bytes = chunk, bytes.isEmpty { chunk = try await fetch() }
        if case .failed(let error) = phase { throw error }
        guard let chunk else {
            phase = .ended
            return .endOfArchive
        }
        meter.addPacked(chunk.count)
        do { try meter.addUnpacked(chunk.count) } catch { throw fail(error) }
        return .chunk(chunk)
    }

    private func unpack() async throws(ArchiveError) -> Unpacked {
        while true {
            switch await handover.next() {
            case .packedBytes:
                var chunk = try await fetch()
                while let bytes = chunk, bytes.isEmpty { chunk = try await fetch() }
                handover.supply(chunk)
            case .unpacked(.endOfArchive):
                phase = .ended
                return .endOfArchive
            case .unpacked(.failed(let error)):
                throw fail(error)
            case .unpacked(let unpacked):
                return unpacked
            case .closed:
                throw fail(
                    Task.isCancelled
                        ? ArchiveError(.cancelled, "was no longer wanted") : ArchiveError(.closed, "reader was closed"))
            }
        }
    }
}
