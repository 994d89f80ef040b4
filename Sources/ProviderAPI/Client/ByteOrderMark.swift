/// The mark at the start of a text that tells its encoding (The Unicode Standard, section 23.8).
enum ByteOrderMark {
    /// The text in UTF-8 without its mark: UTF-8 and UTF-16 are recognised by it. A text without a mark is returned as it is.
    static func removed(_ bytes: [UInt8]) -> [UInt8] {
        // No JSON text begins with such a byte: RFC 8259, section 8.1, forbids the mark, but clients may ignore it.
        guard let first = bytes.first, first >= 0xEF else { return bytes }
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { return Array(bytes.dropFirst(3)) }
        if bytes.starts(with: [0xFE, 0xFF]) { return utf8(ofUTF16: bytes.dropFirst(2)) { UInt16($0) << 8 | UInt16($1) } }
        if bytes.starts(with: [0xFF, 0xFE]) { return utf8(ofUTF16: bytes.dropFirst(2)) { UInt16($1) << 8 | UInt16($0) } }
        return bytes
    }

    private static func utf8(ofUTF16 bytes: ArraySlice<UInt8>, _ unit: (UInt8, UInt8) -> UInt16) -> [UInt8] {
        let units = stride(from: bytes.startIndex, to: bytes.endIndex - 1, by: 2).map { unit(bytes[$0], bytes[$0 + 1]) }
        return Array(String(decoding: units, as: UTF16.self).utf8)
    }
}
