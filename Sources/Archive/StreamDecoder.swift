import CArchive

/// One format of compressed bytes: takes input as it comes, and gives output as there is room. Not thread-safe.
protocol StreamDecoder: AnyObject {
    /// The first bytes that `follower` needs, unless the input ends before.
    var signatureLength: Int { get }

    /// Decodes until the input is used up, the output is full or the end of the compressed data is reached.
    func decode(_ input: UnsafeBufferPointer<UInt8>, into output: UnsafeMutableBufferPointer<UInt8>) throws(Interruption) -> DecoderStep

    /// What the bytes behind the end of the compressed data are.
    func follower(_ bytes: ArraySlice<UInt8>) -> Follower

    /// Prepares for the data that follows.
    func restart()
}

struct DecoderStep {
    var consumed: Int
    var produced: Int
    var isAtEnd: Bool
}

/// What stands behind the end of compressed data.
enum Follower {
    /// More compressed data, whose content continues the first.
    case more
    /// One byte of padding.
    case padding
    /// Nothing that belongs to the file; the rest is ignored.
    case garbage
    case corrupt
}

/// A format of compressed bytes without entries.
enum StreamFormat: String, Sendable {
    case gzip, zlib, deflate, brotli, zstd

    func makeDecoder() throws(Interruption) -> any StreamDecoder {
        switch self {
        case .gzip: try Inflater(self, bits: 16 + MAX_WBITS)
        case .zlib: try Inflater(self, bits: MAX_WBITS)
        case .deflate: try Inflater(self, bits: -MAX_WBITS)
        case .brotli: try BrotliDecoder()
        case .zstd: try ZstdDecoder()
        }
    }
}
