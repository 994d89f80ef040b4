import CArchive

/// Writes a gzip or zip archive in constant memory; `take()` returns the output so far. Not thread-safe.
///
/// Within one process the same input gives the same output: gzip carries no creation time, and all zip entries carry the same
/// time. The compression level is 1, the fastest.
///
/// ```swift
/// let writer = try ArchiveWriter(.zip)
/// try writer.begin(name: "rows.csv", bytes: rows.count)
/// try writer.write(rows)
/// try writer.finish()
/// let archive = writer.take()
/// ```
public final class ArchiveWriter {
    public enum Format: Sendable {
        /// Exactly one entry, without its name.
        case gzip
        case zip
    }

    private let archive: OpaquePointer
    private let entry: OpaquePointer
    private var output: [UInt8] = []

    /// - Throws: `ArchiveWriterError` if libarchive lacks the format or memory.
    public init(_ format: Format) throws(ArchiveWriterError) {
        guard let archive = archive_write_new(), let entry = archive_entry_new() else {
            throw ArchiveWriterError(step: "allocate", text: "out of memory")
        }
        self.archive = archive
        self.entry = entry
        try check("block size", archive_write_set_bytes_per_block(archive, 0))
        switch format {
        case .zip:
            try check("zip", archive_write_set_format_zip(archive))
            try check("zip", archive_write_set_format_option(archive, "zip", "compression-level", "1"))
        case .gzip:
            try check("raw", archive_write_set_format_raw(archive))
            try check("gzip", archive_write_add_filter_gzip(archive))
            try check("gzip", archive_write_set_filter_option(archive, "gzip", "compression-level", "1"))
            try check("gzip", archive_write_set_filter_option(archive, "gzip", "timestamp", nil))
        }
        // Unretained: libarchive calls back only during this object's own calls, and `deinit` frees it.
        let owner = Unmanaged.passUnretained(self).toOpaque()
        let write: @convention(c) (OpaquePointer?, UnsafeMutableRawPointer?, UnsafeRawPointer?, Int) -> Int = {
            _, owner, bytes, count in
            guard let owner, let bytes else { return -1 }
            let writer = Unmanaged<ArchiveWriter>.fromOpaque(owner).takeUnretainedValue()
            writer.output.append(contentsOf: UnsafeRawBufferPointer(start: bytes, count: count))
            return count
        }
        try check("open", archive_write_open(archive, owner, nil, write, nil))
    }

    deinit {
        archive_entry_free(entry)
        archive_write_free(archive)
    }

    /// Starts an entry.
    ///
    /// - Parameter bytes: the size of its content, which `write(_:)` must complete.
    public func begin(name: String, bytes: Int) throws(ArchiveWriterError) {
        archive_entry_clear(entry)
        archive_entry_set_pathname(entry, name)
        archive_entry_set_size(entry, Int64(bytes))
        archive_entry_set_filetype(entry, 0o100000)
        archive_entry_set_perm(entry, 0o644)
        archive_entry_set_mtime(entry, 1_772_323_200, 0)
        try check("begin \(name)", archive_write_header(archive, entry))
    }

    /// Appends content to the entry.
    public func write(_ bytes: [UInt8]) throws(ArchiveWriterError) {
        let written = archive_write_data(archive, bytes, bytes.count)
        guard written == bytes.count else { throw failure("write") }
    }

    /// Ends the archive and makes the last bytes available to `take()`.
    public func finish() throws(ArchiveWriterError) {
        try check("finish", archive_write_close(archive))
    }

    /// The number of bytes that `take()` returns.
    public var pending: Int { output.count }

    /// Returns the output so far and removes it from the writer.
    public func take() -> [UInt8] {
        defer { output = [] }
        return output
    }

    private func check(_ step: String, _ code: Int32) throws(ArchiveWriterError) {
        if code != ARCHIVE_OK { throw failure(step) }
    }

    private func failure(_ step: String) -> ArchiveWriterError {
        let text = archive_error_string(archive).map { String(cString: $0) } ?? "unknown cause"
        return ArchiveWriterError(step: step, text: text)
    }
}

/// libarchive failed to write an archive.
public struct ArchiveWriterError: Error, Sendable, CustomStringConvertible {
    public let step: String
    /// The message of libarchive.
    public let text: String

    public var description: String { "cannot write an archive (\(step)): \(text)" }
}
