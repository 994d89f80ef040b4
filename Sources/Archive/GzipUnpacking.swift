import CArchive

/// Unpacks a gzip with zlib directly: libarchive (3.6 and 3.7) does not check the CRC and the length in a member's trailer, and
/// treats everything after the last member as padding.
struct GzipUnpacking {
    static let chunkSize = 128 * 1024
    let input: PackedInput

    init(_ input: PackedInput) { self.input = input }

    func run() throws(Interruption) {
        let inflater = try Inflater(input)
        try input.put(.entry(ArchiveEntry(path: nil, size: nil)))
        while true {
            var failure: Interruption?
            let chunk = [UInt8](unsafeUninitializedCapacity: Self.chunkSize) { buffer, count in
                do throws(Interruption) { count = try inflater.fill(buffer) } catch { failure = error }
            }
            if let failure { throw failure }
            if chunk.isEmpty { break }
            try input.put(.chunk(chunk))
        }
        try input.put(.endOfEntry)
    }
}

/// Owns a `z_stream` and the packed chunk that it reads.
private final class Inflater {
    // On the heap: zlib keeps the address of the stream and fails if it moves.
    private let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
    private let input: PackedInput
    private var chunk: [UInt8] = []
    private var position = 0
    private var isInMember = true

    init(_ input: PackedInput) throws(Interruption) {
        self.input = input
        stream.initialize(to: z_stream())
        guard shim_inflate_init_gzip(stream) == Z_OK else {
            throw .failed(ArchiveError(.unsupported, "cannot be unpacked: zlib is out of memory"))
        }
    }

    deinit {
        inflateEnd(stream)
        stream.deallocate()
    }

    /// Fills the buffer, only partly at the end of the input; returns the number of bytes.
    func fill(_ buffer: UnsafeMutableBufferPointer<UInt8>) throws(Interruption) -> Int {
        stream.pointee.next_out = buffer.baseAddress
        stream.pointee.avail_out = UInt32(buffer.count)
        while stream.pointee.avail_out > 0 {
            if position == chunk.count {
                guard let next = try input.next() else {
                    if isInMember { throw .corrupt("is truncated: it ends within a gzip member") }
                    break
                }
                chunk = next
                position = 0
            }
            if !isInMember {
                inflateReset(stream)
                isInMember = true
            }
            try inflateOnce()
        }
        return buffer.count - Int(stream.pointee.avail_out)
    }

    private func inflateOnce() throws(Interruption) {
        let status = chunk.withUnsafeBufferPointer { bytes in
            // zlib does not write there; its header lacks the const.
            stream.pointee.next_in = UnsafeMutablePointer(mutating: bytes.baseAddress.map { $0 + position })
            stream.pointee.avail_in = UInt32(clamping: bytes.count - position)
            let before = stream.pointee.avail_in
            let status = inflate(stream, Z_NO_FLUSH)
            position += Int(before - stream.pointee.avail_in)
            stream.pointee.next_in = nil
            return status
        }
        switch status {
        case Z_OK, Z_BUF_ERROR: return
        case Z_STREAM_END: isInMember = false
        default:
            let reason = stream.pointee.msg.map { String(cString: $0) } ?? "zlib error \(status)"
            throw .corrupt("is not a valid gzip: \(reason)")
        }
    }
}
