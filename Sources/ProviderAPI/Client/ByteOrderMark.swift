/// The encoding at the start of a text: by its mark (The Unicode Standard, section 23.8), or in UTF-16 by the first character of markup.
public enum ByteOrderMark {
    /// The text in UTF-8 without a mark. A text that is not recognised as UTF-16 is returned as it is.
    public static func removed(_ bytes: [UInt8]) -> [UInt8] {
        guard bytes.count >= 2 else { return bytes }
        switch (bytes[0], bytes[1]) {
        // RFC 8259, section 8.1, forbids the mark in JSON, but clients may ignore it.
        case (0xEF, 0xBB): return bytes.count > 2 && bytes[2] == 0xBF ? Array(bytes.dropFirst(3)) : bytes
        case (0xFE, 0xFF): return utf8(ofUTF16: bytes.dropFirst(2)) { UInt16($0) << 8 | UInt16($1) }
        case (0xFF, 0xFE): return utf8(ofUTF16: bytes.dropFirst(2)) { UInt16($1) << 8 | UInt16($0) }
        case (0, UInt8(ascii: "<")): return utf8(ofUTF16: bytes[...]) { UInt16($0) << 8 | UInt16($1) }
        case (UInt8(ascii: "<"), 0): return utf8(ofUTF16: bytes[...]) { UInt16($1) << 8 | UInt16($0) }
        default: return bytes
        }
    }

    private static func utf8(ofUTF16 bytes: ArraySlice<UInt8>, _ unit: (UInt8, UInt8) -> UInt16) -> [UInt8] {
        let units = stride(from: bytes.startIndex, to: bytes.endIndex - 1, by: 2).map { unit(bytes[$0], bytes[$0 + 1]) }
        return Array(String(decoding: units, as: UTF16.self).utf8)
    }
}
