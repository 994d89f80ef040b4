/// The first bytes of a body read as text: UTF-8, or UTF-16 by its byte order mark or its first character.
enum TextStart {
    /// In UTF-8, without a mark.
    static func text(_ bytes: [UInt8]) -> String {
        if let units = utf16(bytes) { return String(decoding: units, as: UTF16.self) }
        return String(decoding: withoutMark(bytes), as: UTF8.self)
    }

    /// One byte for each character of UTF-16 and each byte of UTF-8, without a mark. What is not ASCII in UTF-16 becomes 0xFF.
    static func ascii(_ bytes: [UInt8]) -> ArraySlice<UInt8> {
        if let units = utf16(bytes) { return units.map { $0 < 0x80 ? UInt8($0) : 0xFF }[...] }
        return withoutMark(bytes)
    }

    private static func withoutMark(_ bytes: [UInt8]) -> ArraySlice<UInt8> {
        bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? bytes.dropFirst(3) : bytes[...]
    }

    /// `nil` if the bytes are not UTF-16, as far as their start shows.
    private static func utf16(_ bytes: [UInt8]) -> [UInt16]? {
        guard bytes.count >= 2 else { return nil }
        switch (bytes[0], bytes[1]) {
        case (0xFF, 0xFE): return units(bytes.dropFirst(2)) { UInt16($1) << 8 | UInt16($0) }
        case (0xFE, 0xFF): return units(bytes.dropFirst(2)) { UInt16($0) << 8 | UInt16($1) }
        case (UInt8(ascii: "<"), 0): return units(bytes[...]) { UInt16($1) << 8 | UInt16($0) }
        case (0, UInt8(ascii: "<")): return units(bytes[...]) { UInt16($0) << 8 | UInt16($1) }
        default: return nil
        }
    }

    private static func units(_ bytes: ArraySlice<UInt8>, _ unit: (UInt8, UInt8) -> UInt16) -> [UInt16] {
        stride(from: bytes.startIndex, to: bytes.endIndex - 1, by: 2).map { unit(bytes[$0], bytes[$0 + 1]) }
    }
}
