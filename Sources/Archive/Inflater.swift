import CArchive

/// Decodes gzip, zlib and deflate with zlib directly: libarchive (3.6 and 3.7) does not check the CRC and the length in a gzip member's
/// trailer.
final class Inflater: StreamDecoder {
    // On the heap: zlib keeps the address of the stream and fails if it moves.
    private let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
    private let format: StreamFormat

    init(_ format: StreamFormat, bits: Int32) throws(Interruption) {
        self.format = format
        stream.initialize(to: z_stream())
        guard shim_inflate_init(stream, bits) == Z_OK else {
            throw .failed(ArchiveError(.unsupported, "cannot be unpacked: zlib is out of memory"))
        }
    }

    deinit {
        inflateEnd(stream)
        stream.deallocate()
    }

    func decode(_ input: UnsafeBufferPointer<UInt8>, into output: UnsafeMutableBufferPointer<UInt8>) throws(Interruption) -> DecoderStep {
        // zlib does not write to the input; its header lacks the const.
        stream.pointee.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
        stream.pointee.avail_in = UInt32(clamping: input.count)
        stream.pointee.next_out = output.baseAddress
        stream.pointee.avail_out = UInt32(clamping: output.count)
        let (given, room) = (stream.pointee.avail_in, stream.pointee.avail_out)
        let status = inflate(stream, Z_NO_FLUSH)
        let step = DecoderStep(
            consumed: Int(given - stream.pointee.avail_in), produced: Int(room - stream.pointee.avail_out), isAtEnd: status == Z_STREAM_END)
        (stream.pointee.next_in, stream.pointee.next_out) = (nil, nil)
        switch status {
        case Z_OK, Z_BUF_ERROR, Z_STREAM_END: return step
        default:
            let reason = stream.pointee.msg.map { String(cString: $0) } ?? "zlib error \(status)"
            throw .corrupt("is not a valid \(format.rawValue): \(reason)")
        }
    }

    var signatureLength: Int { format == .gzip ? 4 : 1 }

    /// As gzip(1) has it, zeros behind a member are padding, and anything else that is no member is ignored. But what may be a member with
    /// one damaged byte in its first bytes is not ignored: a part of the file would be lost without notice.
    func follower(_ bytes: ArraySlice<UInt8>) -> Follower {
        guard format == .gzip else { return .corrupt }
        let (first, second, third) = (bytes.first, bytes.dropFirst().first, bytes.dropFirst(2).first)
        if first == 0x1F, second == 0x8B, third == 0x08 { return .more }
        if first == 0 && second != 0x8B { return .padding }
        return first == 0x1F || second == 0x8B ? .corrupt : .garbage
    }

    func restart() { inflateReset(stream) }
}
