/// Appends JSON to a buffer (RFC 8259). Written by hand because a log line is made thousands of times a second.
struct JSONText {
    private(set) var bytes: [UInt8] = []

    init(capacity: Int = 512) { bytes.reserveCapacity(capacity) }

    /// Text that is JSON already.
    mutating func raw(_ text: String) { bytes.append(contentsOf: text.utf8) }

    mutating func number(_ value: some BinaryInteger & Sendable) { bytes.append(contentsOf: String(value).utf8) }

    /// JSON has no infinities: they become strings.
    mutating func number(_ value: Double) {
        if value.isFinite { bytes.append(contentsOf: value.description.utf8) } else { string(value.description) }
    }

    /// - Parameter limit: bytes of UTF-8 that are kept; a longer text is cut at a character and ends in `…`.
    mutating func string(_ text: String, limit: Int = .max) {
        bytes.append(UInt8(ascii: "\""))
        if text.utf8.count > limit {
            var kept = String(text[..<text.lastCharacterBoundary(atMost: limit)])
            kept.withUTF8 { appendEscaped($0) }
            bytes.append(contentsOf: "…".utf8)
        } else {
            var text = text
            text.withUTF8 { appendEscaped($0) }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    mutating func append(_ write: (inout [UInt8]) -> Void) { write(&bytes) }

    private mutating func appendEscaped(_ text: UnsafeBufferPointer<UInt8>) {
        guard text.contains(where: Self.mustEscape) else {
            bytes.append(contentsOf: text)
            return
        }
        for byte in text {
            switch byte {
            case UInt8(ascii: "\""): raw(#"\""#)
            case UInt8(ascii: "\\"): raw(#"\\"#)
            case UInt8(ascii: "\n"): raw(#"\n"#)
            case UInt8(ascii: "\r"): raw(#"\r"#)
            case UInt8(ascii: "\t"): raw(#"\t"#)
            case 0..<0x20, 0x7f:
                raw(#"\u00"#)
                bytes.append(Self.hexDigit(byte >> 4))
                bytes.append(Self.hexDigit(byte & 15))
            default: bytes.append(byte)
            }
        }
    }

    private static func mustEscape(_ byte: UInt8) -> Bool {
        byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") || byte == 0x7f
    }

    private static func hexDigit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
    }
}

extension String {
    /// The index of at most so many bytes of UTF-8, without splitting a scalar.
    func lastCharacterBoundary(atMost bytes: Int) -> Index {
        var index = utf8.index(startIndex, offsetBy: bytes)
        while index > startIndex, utf8[index] & 0xc0 == 0x80 { index = utf8.index(before: index) }
        return index
    }
}
