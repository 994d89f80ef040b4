import EventThread

/// One file of an archive.
public struct ArchiveEntry: Sendable, Equatable {
    /// The name in the archive: untrusted, see ExportCore's `SafePath`. `nil` for an entry without a name: a gzip, or data that is not
    /// packed.
    public let path: String?
    /// The unpacked size in bytes, if the archive states it before the data.
    public let size: Int64?
}

/// Unpacks a stream of bytes as they arrive, entry by entry, in bounded memory.
///
/// ```swift
/// let reader = ArchiveReader(.auto) { try await download.next() }
/// while let entry = try await reader.nextEntry() {
///     while let chunk = try await reader.read() { … }
/// }
/// ```
/// A gzip, and data that is not packed, is one entry without a name. The regular files of a zip come in stored order; directories
/// are skipped. Other kinds of entries end the reading with `unsupported` if the archive states the kind before the data. Most zips
/// state it only in the directory at their end, so a symbolic link is read as a small file that contains its target. Nested
/// archives are not unpacked.
///
/// The reader calls `source` only inside its own methods. Unpacking runs on its own thread, which ends with the archive, with an
/// error, when the reading task is cancelled, with `close()`, and when the reader is released. One caller at a time.
public actor ArchiveReader {
    /// Returns the packed bytes chunk by chunk, `nil` at their end. Chunks of 64 to 256 KiB cost least.
    public typealias Source = @Sendable () async throws -> [UInt8]?

    private let source: Source
    private let channel = UnpackingChannel()
    private var phase = Phase.new
    private var isInEntry = false
    private var isBusy = false
    /// The bytes read to detect the compression, if the data is not packed.
    private var peeked: [UInt8] = []
    private var meter: ArchiveMeter

    /// The detected compression: final after the first `nextEntry`, then never `auto`.
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

    /// Decodes a format that has been recognised by its first bytes.
    init(decoding format: StreamFormat, firstBytes: [UInt8], limits: ArchiveLimits, source: @escaping Source) {
        compression = .none
        self.source = source
        meter = ArchiveMeter(limits)
        Self.startThread(.stream(format), firstBytes, meter, channel)
        phase = .unpacking
    }

    deinit { channel.close() }

    /// Ends the thread and discards unread data. No effect after the end.
    public func close() {
        channel.close()
        if case .ended = phase { return }
        if case .failed = phase { return }
        phase = .failed(ArchiveError(.closed, "reader was closed"))
    }

    /// The next regular file, after the rest of the current one is read and verified; `nil` at the end of the archive, once all of
    /// it is verified.
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

    /// The next bytes of the current entry, at most 256 KiB (data that is not packed comes in the source's chunks); `nil` at its
    /// end, once its checksum is verified.
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
        if isBusy { throw ArchiveError(.closed, "is already being read by another caller") }
        isBusy = true
    }

    private func fail(_ error: ArchiveError) -> ArchiveError {
        channel.close()
        // `close()` may have failed the reader first, with its own reason.
        if case .failed(let first) = phase { return first }
        phase = .failed(error)
        return error
    }

    private func fetch() async throws(ArchiveError) -> [UInt8]? {
        do {
            return try await source()
        } catch is CancellationError {
            throw fail(ArchiveError(.cancelled, "read was cancelled"))
        } catch {
            throw fail(ArchiveError(.source, "could not be read completely from its source", cause: error))
        }
    }

    /// Detects the compression, and starts the thread if there is something to unpack.
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
            Self.startThread(compression == .zip ? .zip : .stream(.gzip), peeked, meter, channel)
            peeked = []
        }
    }

    private static func startThread(
        _ format: Unpacking.Format, _ firstBytes: [UInt8], _ meter: ArchiveMeter, _ channel: UnpackingChannel
    ) {
        let unpacking = Unpacking(format: format, firstBytes: firstBytes, meter: meter, channel: channel)
        Pthread.start("archive") { unpacking.run() }
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
            switch await channel.next() {
            case .packedBytes:
                var chunk = try await fetch()
                while let bytes = chunk, bytes.isEmpty { chunk = try await fetch() }
                channel.supply(chunk)
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
                        ? ArchiveError(.cancelled, "read was cancelled") : ArchiveError(.closed, "reader was closed"))
            }
        }
    }
}
