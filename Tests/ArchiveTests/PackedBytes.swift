import CArchive
import CZstd
import Glibc
import Synchronization

@testable import Archive

/// Archives from the libraries' own writers.
enum PackedBytes {
    /// One gzip member; with other window bits, one zlib (15) or deflate (-15) stream.
    static func gzip(_ bytes: [UInt8], bits: Int32 = 16 + MAX_WBITS) -> [UInt8] {
        var stream = z_stream()
        deflateInit2_(
            &stream, 6, Z_DEFLATED, bits, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        var input = bytes
        let bound = Int(deflateBound(&stream, UInt(bytes.count))) + 64
        let packed = [UInt8](unsafeUninitializedCapacity: bound) { output, count in
            input.withUnsafeMutableBufferPointer { input in
                stream.next_in = input.baseAddress
                stream.avail_in = UInt32(input.count)
                stream.next_out = output.baseAddress
                stream.avail_out = UInt32(bound)
                deflate(&stream, Z_FINISH)
            }
            count = bound - Int(stream.avail_out)
        }
        deflateEnd(&stream)
        return packed
    }

    /// One zstd frame.
    static func zstd(_ bytes: [UInt8]) -> [UInt8] {
        let bound = ZSTD_compressBound(bytes.count)
        return [UInt8](unsafeUninitializedCapacity: bound) { output, count in
            count = ZSTD_compress(output.baseAddress, bound, bytes, bytes.count, 3)
        }
    }

    enum Item {
        case file(String, [UInt8])
        case directory(String)
        case link(String, to: String)
    }

    /// A zip from libarchive's writer; `options` as in archive_write_set_options(3).
    static func zip(_ items: [Item], options: String = "", password: String? = nil) -> [UInt8] {
        let archive = archive_write_new()
        defer { archive_write_free(archive) }
        archive_write_set_format_zip(archive)
        if !options.isEmpty { archive_write_set_options(archive, options) }
        if let password { archive_write_set_passphrase(archive, password) }
        let size = 1 << 20 + items.reduce(0) { if case .file(_, let bytes) = $1 { $0 + bytes.count + 1024 } else { $0 + 1024 } }
        return [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            archive_write_open_memory(archive, buffer.baseAddress, size, &count)
            for item in items { write(item, to: archive) }
            archive_write_close(archive)
        }
    }

    // File types by number (AE_IF* are macros with casts, S_IF* come from two modules).
    private static func write(_ item: Item, to archive: OpaquePointer?) {
        let entry = archive_entry_new()
        defer { archive_entry_free(entry) }
        switch item {
        case .file(let name, let bytes):
            archive_entry_copy_pathname(entry, name)
            archive_entry_set_filetype(entry, 0o100000)
            archive_entry_set_size(entry, Int64(bytes.count))
            archive_write_header(archive, entry)
            archive_write_data(archive, bytes, bytes.count)
        case .directory(let name):
            archive_entry_copy_pathname(entry, name)
            archive_entry_set_filetype(entry, 0o040000)
            archive_write_header(archive, entry)
        case .link(let name, let target):
            archive_entry_copy_pathname(entry, name)
            archive_entry_set_filetype(entry, 0o120000)
            archive_entry_copy_symlink(entry, target)
            archive_write_header(archive, entry)
        }
    }

    /// Text with a compression ratio of about three to one. The same seed gives the same text.
    static func text(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
        var state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count + 32)
        while bytes.count < count {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            bytes += "row,\(state >> 40),value\n".utf8
        }
        return Array(bytes.prefix(count))
    }
}

/// Packed bytes in chunks.
func source(_ bytes: [UInt8], chunk: Int = 64 * 1024) -> ArchiveReader.Source {
    let position = Mutex(0)
    return {
        position.withLock { position in
            guard position < bytes.count else { return nil }
            let end = min(position + chunk, bytes.count)
            defer { position = end }
            return Array(bytes[position..<end])
        }
    }
}

struct UnpackedFile: Equatable {
    var path: String?
    var bytes: [UInt8] = []
}

/// Reads everything.
func unpack(
    _ bytes: [UInt8], _ compression: Compression = .auto, chunk: Int = 64 * 1024, limits: ArchiveLimits = ArchiveLimits()
) async throws(ArchiveError) -> [UnpackedFile] {
    let reader = ArchiveReader(compression, limits: limits, source: source(bytes, chunk: chunk))
    var files: [UnpackedFile] = []
    while let entry = try await reader.nextEntry() {
        var file = UnpackedFile(path: entry.path)
        while let chunk = try await reader.read() { file.bytes += chunk }
        files.append(file)
    }
    return files
}

/// The error that reading everything ends with.
func failure(
    _ bytes: [UInt8], _ compression: Compression = .auto, limits: ArchiveLimits = ArchiveLimits()
) async -> ArchiveError? {
    do throws(ArchiveError) {
        _ = try await unpack(bytes, compression, limits: limits)
        return nil
    } catch { return error }
}
