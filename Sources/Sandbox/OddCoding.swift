import Archive

/// The forms of the fault `oddCoding`: what servers and proxies put into the `Content-Encoding` of a file that was asked for as it is.
enum OddCoding: String, Sendable, CaseIterable {
    case gzip
    case xGzip = "x-gzip"
    case upperCase = "GZIP"
    case twice = "gzip, gzip"
    /// In the format of zlib, as RFC 9110 (section 8.4.1.2) requires.
    case deflate
    /// Without zlib's header and checksum, as some servers send it.
    case rawDeflate = "deflate, raw"
    /// `gzip` over the file as it is.
    case notCoded = "gzip, not coded"
    /// A character set in the wrong header, over the file as it is.
    case charset = "utf-8"
    /// What an upload left behind in S3, over the file as it is.
    case awsChunked = "aws-chunked"

    /// The value of `Content-Encoding`.
    var header: String {
        switch self {
        case .rawDeflate: "deflate"
        case .notCoded: "gzip"
        default: rawValue
        }
    }

    /// The body for the bytes of a file.
    func body(_ bytes: [UInt8]) throws(ArchiveWriterError) -> [UInt8] {
        switch self {
        case .gzip, .xGzip, .upperCase: try Self.gzip(bytes)
        case .twice: try Self.gzip(Self.gzip(bytes))
        case .deflate: [0x78, 0x01] + (try Self.deflated(bytes)) + Self.adler32(bytes)
        case .rawDeflate: Array(try Self.deflated(bytes))
        case .notCoded, .charset, .awsChunked: bytes
        }
    }

    private static func gzip(_ bytes: [UInt8]) throws(ArchiveWriterError) -> [UInt8] {
        let writer = try ArchiveWriter(.gzip)
        try writer.begin(name: "body", bytes: bytes.count)
        if !bytes.isEmpty { try writer.write(bytes) }
        try writer.finish()
        return writer.take()
    }

    /// A gzip (RFC 1952) without its header of 10 bytes, which has no optional fields here, and its trailer of 8.
    private static func deflated(_ bytes: [UInt8]) throws(ArchiveWriterError) -> ArraySlice<UInt8> {
        try gzip(bytes).dropFirst(10).dropLast(8)
    }

    /// The checksum of zlib's format (RFC 1950), with the highest byte first.
    private static func adler32(_ bytes: [UInt8]) -> [UInt8] {
        var (low, high): (UInt32, UInt32) = (1, 0)
        for byte in bytes {
            low = (low + UInt32(byte)) % 65_521
            high = (high + low) % 65_521
        }
        return withUnsafeBytes(of: (high << 16 | low).bigEndian) { Array($0) }
    }
}
