/// Percent-encoding of URLs (RFC 3986, section 2.1).
public enum PercentEncoding {
    private static let upperCase = Array("0123456789ABCDEF".utf8)

    /// Encodes every byte of UTF-8 as `%XY` in upper case, except unreserved characters (RFC 3986, section 2.3).
    /// - Parameter kept: ASCII characters that stay as they are too, such as `/` in a path.
    public static func encoded(_ text: String, keeping kept: String = "") -> String {
        let kept = Array(kept.utf8)
        func stays(_ byte: UInt8) -> Bool { isUnreserved(byte) || kept.contains(byte) }
        if text.utf8.allSatisfy(stays) { return text }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.utf8.count + 16)
        for byte in text.utf8 {
            if stays(byte) {
                bytes.append(byte)
            } else {
                bytes += [UInt8(ascii: "%"), upperCase[Int(byte >> 4)], upperCase[Int(byte & 15)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// - Returns: `nil` if a `%` is not followed by two hexadecimal digits. The bytes need not be UTF-8.
    public static func decoded(_ text: some StringProtocol) -> [UInt8]? {
        var bytes: [UInt8] = []
        let isValid = decode(text, to: &bytes) { _ in false }
        return isValid ? bytes : nil
    }

    /// Decodes text from outside as far as possible: a `%` that is not followed by two hexadecimal digits stays, and bytes that are not UTF-8
    /// become U+FFFD.
    public static func decodedLeniently(_ text: some StringProtocol) -> String {
        var bytes: [UInt8] = []
        _ = decode(text, to: &bytes) { bytes in
            bytes.append(UInt8(ascii: "%"))
            return true
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// - Parameter invalid: called for a `%` without two digits; decoding ends if it returns `false`.
    /// - Returns: whether decoding reached the end.
    private static func decode(_ text: some StringProtocol, to bytes: inout [UInt8], invalid: (inout [UInt8]) -> Bool) -> Bool {
        var rest = Array(text.utf8)[...]
        bytes.reserveCapacity(rest.count)
        while let byte = rest.popFirst() {
            if byte != UInt8(ascii: "%") {
                bytes.append(byte)
            } else if rest.count >= 2, let value = Hexadecimal.byte(rest[rest.startIndex], rest[rest.startIndex + 1]) {
                bytes.append(value)
                rest = rest.dropFirst(2)
            } else if !invalid(&bytes) {
                return false
            }
        }
        return true
    }

    private static func isUnreserved(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
            UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"):
            true
        default: false
        }
    }
}
