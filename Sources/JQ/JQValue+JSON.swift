import CJq

extension JQValue {
    /// The handling of integers beyond ±2^53, which jq 1.6 would round.
    public enum LargeIntegers: Sendable {
        /// Converted to a string of its digits, which preserves identifiers.
        case strings
        /// Rounded, as in jq.
        case rounded
    }

    /// Parses one JSON text. Bytes that are not UTF-8 become U+FFFD; libjq also accepts `nan` as a number.
    /// - Throws: `JQError` of kind `.json`: invalid JSON, several values, none, or more than 256 levels of nesting.
    public convenience init(json bytes: [UInt8], largeIntegers: LargeIntegers = .strings) throws(JQError) {
        let quoted = largeIntegers == .strings ? LargeIntegerQuoting.quoted(bytes) : nil
        let parsed = (quoted ?? bytes).withUnsafeBufferPointer(Self.parse)
        if jv_get_kind(parsed) == JV_KIND_INVALID {
            let message = JQValue(owning: jv_invalid_get_msg(parsed))
            throw JQError(.json, message: message.isNull ? "there is no JSON value" : Self.plain(message.text))
        }
        self.init(owning: parsed)
    }

    public convenience init(json text: String, largeIntegers: LargeIntegers = .strings) throws(JQError) {
        try self.init(json: Array(text.utf8), largeIntegers: largeIntegers)
    }

    private static func parse(_ bytes: UnsafeBufferPointer<UInt8>) -> jv {
        guard let base = bytes.baseAddress else { return jv_invalid() }
        guard bytes.count <= Int(Int32.max) else { return jv_invalid_with_msg(jv_string("longer than 2 GiB")) }
        return base.withMemoryRebound(to: CChar.self, capacity: bytes.count) { jv_parse_sized($0, Int32(bytes.count)) }
    }

    /// Removes the full text, which `jv_parse_sized` appends to its message.
    private static func plain(_ message: String) -> String {
        guard let quote = message.firstRange(of: " (while parsing '") else { return message }
        return String(message[..<quote.lowerBound])
    }
}
