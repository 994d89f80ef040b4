import CBrotli

/// Decodes brotli (RFC 7932).
final class BrotliDecoder: StreamDecoder {
    private let state: OpaquePointer

    init() throws(Interruption) {
        guard let state = BrotliDecoderCreateInstance(nil, nil, nil) else {
            throw .failed(ArchiveError(.unsupported, "cannot be unpacked: brotli is out of memory"))
        }
        self.state = state
    }

    deinit { BrotliDecoderDestroyInstance(state) }

    func decode(_ input: UnsafeBufferPointer<UInt8>, into output: UnsafeMutableBufferPointer<UInt8>) throws(Interruption) -> DecoderStep {
        var (left, room) = (input.count, output.count)
        var next = input.baseAddress, free = output.baseAddress
        let result = BrotliDecoderDecompressStream(state, &left, &next, &room, &free, nil)
        if result == BROTLI_DECODER_RESULT_ERROR {
            let reason = BrotliDecoderErrorString(BrotliDecoderGetErrorCode(state)).map { String(cString: $0) } ?? "unknown error"
            throw .corrupt("is not valid brotli: \(reason)")
        }
        return DecoderStep(
            consumed: input.count - left, produced: output.count - room, isAtEnd: result == BROTLI_DECODER_RESULT_SUCCESS)
    }

    var signatureLength: Int { 1 }

    func follower(_ bytes: ArraySlice<UInt8>) -> Follower { .corrupt }

    func restart() {}
}
