import CZstd

/// Decodes zstd (RFC 8878), any number of frames.
final class ZstdDecoder: StreamDecoder {
    private let context: OpaquePointer

    init() throws(Interruption) {
        guard let context = ZSTD_createDCtx() else {
            throw .failed(ArchiveError(.unsupported, "cannot be unpacked: zstd is out of memory"))
        }
        self.context = context
        // 8 MiB: RFC 9659 allows no larger window in a content coding.
        ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax, 23)
    }

    deinit { ZSTD_freeDCtx(context) }

    func decode(_ input: UnsafeBufferPointer<UInt8>, into output: UnsafeMutableBufferPointer<UInt8>) throws(Interruption) -> DecoderStep {
        var source = ZSTD_inBuffer(src: input.baseAddress, size: input.count, pos: 0)
        var target = ZSTD_outBuffer(dst: output.baseAddress, size: output.count, pos: 0)
        let left = ZSTD_decompressStream(context, &target, &source)
        if ZSTD_isError(left) != 0 {
            let reason = ZSTD_getErrorName(left).map { String(cString: $0) } ?? "unknown error"
            throw .corrupt("is not valid zstd: \(reason)")
        }
        return DecoderStep(consumed: source.pos, produced: target.pos, isAtEnd: left == 0)
    }

    var signatureLength: Int { 1 }

    /// The decoder itself refuses what is no frame.
    func follower(_ bytes: ArraySlice<UInt8>) -> Follower { .more }

    func restart() {}
}
