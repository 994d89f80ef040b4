/// The safety net under "secrets are not logged": metadata whose key sounds like a secret is written as `***`.
enum SecretKeys {
    static let mask = "***"

    private static let words = ["password", "passwd", "secret", "token", "authorization", "apikey", "api_key", "api-key"]
        .map { Array($0.utf8) }

    /// Whether the key holds one of the words, in any case: `authToken`, `AWS_SECRET_ACCESS_KEY`.
    static func contains(_ key: String) -> Bool {
        let key = key.utf8.map { byte in (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte }
        return words.contains { word in
            guard key.count >= word.count else { return false }
            return (0...(key.count - word.count)).contains { key[$0...].starts(with: word) }
        }
    }
}
