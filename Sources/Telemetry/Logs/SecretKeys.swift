/// A safeguard for the rule that secrets are not logged: metadata whose key suggests a secret is written as `***`.
enum SecretKeys {
    static let mask = "***"

    private static let words = ["password", "passwd", "secret", "token", "authorization", "apikey", "api_key", "api-key"]
        .map { Array($0.utf8) }

    /// Whether one of the words starts with that byte.
    private static let begins = words.reduce(into: [Bool](repeating: false, count: 256)) { $0[Int($1[0])] = true }

    /// Whether the key contains one of the words, case-insensitively: `authToken`, `AWS_SECRET_ACCESS_KEY`. Called for each field
    /// of each line, so it must not allocate.
    static func contains(_ key: String) -> Bool {
        var key = key
        return key.withUTF8 { bytes in
            bytes.indices.contains { start in
                let first = lowercased(bytes[start])
                return begins[Int(first)] && words.contains { $0[0] == first && isEqual($0, bytes[start...]) }
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
