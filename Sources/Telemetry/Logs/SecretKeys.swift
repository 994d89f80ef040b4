/// The safety net under "secrets are not logged": metadata whose key sounds like a secret is written as `***`.
enum SecretKeys {
    static let mask = "***"

    /// They begin with a, p, s or t, which `contains` knows.
    private static let words = ["password", "passwd", "secret", "token", "authorization", "apikey", "api_key", "api-key"]
        .map { Array($0.utf8) }

    /// Whether the key holds one of the words, in any case: `authToken`, `AWS_SECRET_ACCESS_KEY`. Asked for each field of each
    /// line, and so without allocation.
    static func contains(_ key: String) -> Bool {
        var key = key
        return key.withUTF8 { bytes in
            bytes.indices.contains { start in
                let first = lowercased(bytes[start])
                guard first == UInt8(ascii: "a") || first == UInt8(ascii: "p") || first == UInt8(ascii: "s") || first == UInt8(ascii: "t") else {
                    return false
                }
                return words.contains { $0[0] == first && isEqual($0, bytes[start...]) }
            }
        }
    }

    private static func isEqual(_ word: [UInt8], _ text: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
        text.count >= word.count && zip(word, text).allSatisfy { $0 == lowercased($1) }
    }

    private static func lowercased(_ byte: UInt8) -> UInt8 {
        byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z") ? byte | 0x20 : byte
    }
}
