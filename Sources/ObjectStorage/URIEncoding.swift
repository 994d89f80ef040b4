/// Percent-encoding as AWS asks for it (Signature Version 4, "UriEncode"): unreserved characters of RFC 3986 stay, every other
/// byte of UTF-8 becomes `%XY` in upper case.
enum URIEncoding {
    static func encode(_ text: String) -> String { encode(text, keepingSlashes: false) }

    /// The path of a key, each segment encoded once. Nothing is normalised: `//`, `.` and `..` are part of a key.
    static func path(_ key: String) -> String { "/" + encode(key, keepingSlashes: true) }

    /// Names and values encoded and in the order in which they are signed; a name without a value keeps its `=`.
    static func query(_ items: [(name: String, value: String)]) -> String {
        items.map { (encode($0.name), encode($0.value)) }
            .sorted { Array($0.0.utf8).lexicographicallyPrecedes(Array($1.0.utf8)) || ($0.0 == $1.0 && $0.1 < $1.1) }
            .map { "\($0)=\($1)" }
            .joined(separator: "&")
    }

    private static func encode(_ text: String, keepingSlashes: Bool) -> String {
        var encoded: [UInt8] = []
        encoded.reserveCapacity(text.utf8.count + 16)
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"),
                UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"):
                encoded.append(byte)
            case UInt8(ascii: "/") where keepingSlashes:
                encoded.append(byte)
            default:
                encoded += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: encoded, as: UTF8.self)
    }

    private static let digits = Array("0123456789ABCDEF".utf8)
}
