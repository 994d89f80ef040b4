/// A content coding of HTTP (RFC 9110, section 8.4.1) that can be undone.
public enum ContentCoding: String, Sendable, CaseIterable {
    case gzip, deflate, br, zstd

    /// The codings that a `Content-Encoding` names, in the order in which they were applied. Names that say nothing about the bytes, such as
    /// `identity`, `utf-8` and `aws-chunked`, are left out, and so are codings that nobody uses any more.
    public static func list(_ field: String) -> [ContentCoding] {
        field.split(separator: ",").compactMap { item in
            let name = item.drop { $0 == " " || $0 == "\t" }.prefix { $0 != " " && $0 != "\t" && $0 != ";" }.lowercased()
            return name == "x-gzip" ? .gzip : ContentCoding(rawValue: name)
        }
    }

    /// The format of a body that is said to have this coding; `nil` if the body does not have it, which servers get wrong.
    /// - Parameters:
    ///   - firstBytes: of the body, not empty.
    ///   - isWhole: whether they are the whole body.
    /// - Throws: a corrupt `ArchiveError` if they are neither valid nor anything that one would send without a coding.
    func format(of firstBytes: [UInt8], isWhole: Bool) throws(ArchiveError) -> StreamFormat? {
        switch self {
        case .gzip where firstBytes.starts(with: [0x1F, 0x8B, 0x08]): return .gzip
        case .zstd where Self.isZstd(firstBytes): return .zstd
        case .gzip, .zstd: return try Self.none(firstBytes)
        // Deflate means zlib, and some servers send it without the header and the trailer of zlib. It and brotli have no signature, and
        // what is text may look like them by chance; they do not look like text.
        case .deflate where PlainBytes.isText(firstBytes), .br where PlainBytes.isLongText(firstBytes): return nil
        case .deflate: return try Self.first([.zlib, .deflate], that: firstBytes, isWhole)
        case .br: return try Self.first([.brotli], that: firstBytes, isWhole)
        }
    }

    private static func isZstd(_ bytes: [UInt8]) -> Bool {
        let isSkippable = bytes.count >= 4 && bytes[0] & 0xF0 == 0x50 && bytes[1...3].elementsEqual([0x2A, 0x4D, 0x18])
        return isSkippable || bytes.starts(with: [0x28, 0xB5, 0x2F, 0xFD])
    }

    private static func first(_ formats: [StreamFormat], that bytes: [UInt8], _ isWhole: Bool) throws(ArchiveError) -> StreamFormat? {
        if let format = formats.first(where: { Trial.decodes(bytes, as: $0, isWhole: isWhole) }) { return format }
        return try none(bytes)
    }

    private static func none(_ bytes: [UInt8]) throws(ArchiveError) -> StreamFormat? {
        if PlainBytes.mayBe(bytes) { return nil }
        throw ArchiveError(.corrupt, "is not valid: its first bytes cannot be decoded")
    }
}

/// Recognises formats without a signature.
private enum Trial {
    private static let inputBytes = 16 << 10

    /// Whether the bytes can be the beginning of that format.
    static func decodes(_ bytes: [UInt8], as format: StreamFormat, isWhole: Bool) -> Bool {
        var output = [UInt8](repeating: 0, count: 16 << 10)
        let input = bytes.prefix(inputBytes)
        do throws(Interruption) {
            let decoder = try format.makeDecoder()
            var (position, isAtEnd, isStuck) = (input.startIndex, false, false)
            while !isAtEnd, !isStuck, position < input.endIndex {
                let result = input[position...].withUnsafeBufferPointer { input in
                    output.withUnsafeMutableBufferPointer { output -> Result<DecoderStep, Interruption> in
                        do throws(Interruption) { return .success(try decoder.decode(input, into: output)) } catch {
                            return .failure(error)
                        }
                    }
                }
                let step = try result.get()
                position += step.consumed
                (isAtEnd, isStuck) = (step.isAtEnd, step.consumed == 0 && step.produced == 0)
            }
            return isAtEnd || !isWhole || input.count < bytes.count
        } catch { return false }
    }
}
