import CArchive

/// Compresses bytes as gzip or zip with libarchive in constant memory; `take()` returns the output so far.
///
/// Within one process the same input gives the same output: gzip carries no creation time, and all zip entries carry the same
/// time. Uses level 1, because a benchmark must not measure the sandbox.
final class ArchiveEncoder {
    private let archive: OpaquePointer
    private let entry: OpaquePointer
    private var output: [UInt8] = []

    /// - Throws: `ArchiveEncoderError` if libarchive lacks the format or memory.
    init(_ compression: FileCompression) throws(ArchiveEncoderError) {
        guard let archive = archive_write_new(), let entry = archive_entry_new() else {
            throw ArchiveEncoderError(step: "allocate", text: "out of memory")
        }
        self.archive = archive
        self.entry = entry
        try check("block size", archive_write_set_bytes_per_block(archive, 0))
        if compression == .zip {
            try check("zip", archive_write_set_format_zip(archive))
            try check("zip", archive_write_set_format_option(archive, "zip", "compression-level", "1"))
        } else {
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
            let encoder = Unmanaged<ArchiveEncoder>.fromOpaque(owner).takeUnretainedValue()
            encoder.output.append(contentsOf: UnsafeRawBufferPointer(start: bytes, count: count))
            return count
        }
        try check("open", archive_write_open(archive, owner, nil, write, nil))
    }

    deinit {
        archive_entry_free(entry)
        archive_write_free(archive)
    }

    /// Starts an entry; a gzip file has exactly one.
    func begin(name: String, bytes: Int) throws(ArchiveEncoderError) {
        archive_entry_clear(entry)
        archive_entry_set_pathname(entry, name)
        archive_entry_set_size(entry, Int64(bytes))
        archive_entry_set_filetype(entry, UInt32(S_IFREG))
        archive_entry_set_perm(entry, 0o644)
        archive_entry_set_mtime(entry, 1_772_323_200, 0)
        try check("begin \(name)", archive_write_header(archive, entry))
    }

    func write(_ bytes: [UInt8]) throws(ArchiveEncoderError) {
        let written = archive_write_data(archive, bytes, bytes.count)
        guard written == bytes.count else { throw failure("write") }
    }

    /// Ends the archive and makes the last bytes available to `take()`.
    func finish() throws(ArchiveEncoderError) {
        try check("finish", archive_write_close(archive))
    }

    var pending: Int { output.count }

    /// The output so far.
    func take() -> [UInt8] {
        defer { output = [] }
        return output
    }

    private func check(_ step: String, _ code: Int32) throws(ArchiveEncoderError) {
        if code != ARCHIVE_OK { throw failure(step) }
    }

    private func failure(_ step: String) -> ArchiveEncoderError {
        let text = archive_error_string(archive).map { String(cString: $0) } ?? "unknown cause"
        return ArchiveEncoderError(step: step, text: text)
    }
}

/// libarchive failed to compress a file.
struct ArchiveEncoderError: Error, CustomStringConvertible {
    var step: String
    /// The message of libarchive.
    var text: String

    var description: String { "cannot compress a file (\(step)): \(text)" }
}
