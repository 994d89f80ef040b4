/// Bytes as hexadecimal digits, two a byte (RFC 4648, section 8).
public enum Hexadecimal {
    private static let lowerCase = Array("0123456789abcdef".utf8)

    /// In lower case, as digests are written.
    public static func text(_ bytes: some Sequence<UInt8>) -> String {
        var text: [UInt8] = []
        text.reserveCapacity(bytes.underestimatedCount * 2)
        for byte in bytes { append(byte, to: &text) }
        return String(decoding: text, as: UTF8.self)
    }

    /// Appends both digits of a byte, in lower case.
    public static func append(_ byte: UInt8, to text: inout [UInt8]) {
        text.append(lowerCase[Int(byte >> 4)])
        text.append(lowerCase[Int(byte & 15)])
    }

    /// Reads digits of either case.
    /// - Returns: `nil` unless the text is pairs of digits and nothing else.
    public static func bytes(_ text: some StringProtocol) -> [UInt8]? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.utf8.count / 2)
        var rest = text.utf8.makeIterator()
        while let high = rest.next() {
            guard let low = rest.next(), let byte = byte(high, low) else { return nil }
            bytes.append(byte)
        }
        return bytes
    }

    /// The byte that two digits stand for.
    static func byte(_ high: UInt8, _ low: UInt8) -> UInt8? {
        guard let high = value(high), let low = value(low) else { return nil }
        return high << 4 | low
    }

    private static func value(_ digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
