import CArchive
import Glibc

/// Unpacks a zip with libarchive's streaming reader, which needs no seeking and so no copy of the file.
struct ZipUnpacking {
    let input: PackedInput

    init(_ input: PackedInput) { self.input = input }

    func run() throws(Interruption) {
        shim_thread_uses_utf8()
        guard let archive = archive_read_new() else {
            throw .failed(ArchiveError(.unsupported, "cannot be unpacked: libarchive is out of memory"))
        }
        defer { archive_read_free(archive) }
        let source = ZipSource(input)
        try withExtendedLifetime(source) { () throws(Interruption) in
            try check(archive_read_support_format_zip_streamable(archive), archive, source)
            let status = archive_read_open(
                archive, Unmanaged.passUnretained(source).toOpaque(), nil,
                { _, context, block in
                    guard let context else { return Int(ARCHIVE_FATAL) }
                    return Unmanaged<ZipSource>.fromOpaque(context).takeUnretainedValue().read(block)
                }, nil)
            try check(status, archive, source)
            let count = try unpackEntries(of: archive, source)
            try source.checkEnd(entries: count)
        }
    }

    /// Returns the number of entries, including skipped ones.
    private func unpackEntries(of archive: OpaquePointer, _ source: ZipSource) throws(Interruption) -> Int {
        var count = 0
        var entry: OpaquePointer?
        while true {
            let status = archive_read_next_header(archive, &entry)
            if status == ARCHIVE_EOF { return count }
            try check(status, archive, source)
            guard let entry else { return count }
            count += 1
            try input.countEntry()
            try unpack(entry, of: archive, source)
        }
    }

    private func unpack(_ entry: OpaquePointer, of archive: OpaquePointer, _ source: ZipSource) throws(Interruption) {
        guard let name = archive_entry_pathname(entry) else { throw .corrupt("has an entry without a name") }
        let path = name.withMemoryRebound(to: UInt8.self, capacity: 1) {
            ZipName.decode(UnsafeBufferPointer(start: $0, count: strlen(name)))
        }
        if archive_entry_is_encrypted(entry) != 0 { throw .failed(ArchiveError(.encrypted, "is encrypted", entry: path)) }
        let kind = archive_entry_filetype(entry)
        guard kind == S_IFREG || kind == S_IFDIR else {
            throw .failed(ArchiveError(.unsupported, "has an entry that is neither a file nor a directory", entry: path))
        }
        let size = archive_entry_size_is_set(entry) != 0 ? archive_entry_size(entry) : nil
        if kind == S_IFREG { try input.put(.entry(ArchiveEntry(path: path, size: size))) }
        while let chunk = try readBlock(of: archive, source, path) {
            if kind == S_IFREG { try input.put(.chunk(chunk)) }
        }
        if kind == S_IFREG { try input.put(.endOfEntry) }
    }
}

extension ZipUnpacking {
    /// The next block of an entry; `nil` at its end, once size and CRC are verified.
    private func readBlock(
        of archive: OpaquePointer, _ source: ZipSource, _ path: String
    ) throws(Interruption) -> [UInt8]? {
        while true {
            var block: UnsafeRawPointer?
            var size = 0
            var offset: Int64 = 0
            let status = archive_read_data_block(archive, &block, &size, &offset)
            if status == ARCHIVE_EOF { return nil }
            try check(status, archive, source, path)
            if let block, size > 0 { return Array(UnsafeRawBufferPointer(start: block, count: size)) }
        }
    }

    /// Any status except OK is an error here: libarchive reports a wrong CRC or size of an entry as ARCHIVE_WARN.
    private func check(
        _ status: Int32, _ archive: OpaquePointer, _ source: ZipSource, _ path: String? = nil
    ) throws(Interruption) {
        if status == ARCHIVE_OK { return }
        if let interruption = source.interruption { throw interruption }
        let reason = archive_error_string(archive).map { String(cString: $0) } ?? "libarchive status \(status)"
        if reason.hasPrefix("Unsupported ZIP compression method") {
            throw .failed(ArchiveError(.unsupported, "cannot be unpacked: \(reason)", entry: path))
        }
        throw .corrupt("is not a valid zip: \(reason)", entry: path)
    }
}
