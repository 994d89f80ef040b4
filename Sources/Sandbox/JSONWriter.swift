import Encoding

/// Writes JSON straight into bytes: the answers are small, and 20,000 of them leave in a second.
struct JSONWriter {
    private(set) var bytes: [UInt8] = []
    private var needsComma = false

    init(capacity: Int = 128) {
        bytes.reserveCapacity(capacity)
    }

    mutating func object(_ key: String? = nil, _ content: (inout JSONWriter) -> Void) {
        open(key, "{")
        content(&self)
        close("}")
    }

    mutating func array(_ key: String? = nil, _ content: (inout JSONWriter) -> Void) {
        open(key, "[")
        content(&self)
        close("]")
    }

    mutating func field(_ key: String?, _ value: String) {
        begin(key)
        quote(value)
    }

    mutating func field(_ key: String?, _ value: String?) {
        begin(key)
        if let value { quote(value) } else { bytes.append(contentsOf: "null".utf8) }
    }

    mutating func field(_ key: String?, _ value: Int) {
        begin(key)
        bytes.append(contentsOf: String(value).utf8)
    }

    mutating func field(_ key: String?, _ value: Int?) {
        begin(key)
        bytes.append(contentsOf: (value.map { String($0) } ?? "null").utf8)
    }

    /// Nanoseconds as seconds with milliseconds; null for `Int64.max`, which stands for never.
    mutating func field(_ key: String?, nanoseconds: Int64) {
        begin(key)
        guard nanoseconds != .max else { return bytes.append(contentsOf: "null".utf8) }
        let (seconds, rest) = nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
        let thousandths = String(1_000 + rest / 1_000_000).dropFirst()
        bytes.append(contentsOf: "\(seconds).\(thousandths)".utf8)
    }

    mutating func field(_ key: String?, _ value: Bool) {
        begin(key)
        bytes.append(contentsOf: (value ? "true" : "false").utf8)
    }

    /// Ends a line of NDJSON.
    mutating func endLine() {
        bytes.append(UInt8(ascii: "\n"))
        needsComma = false
    }

    /// The bytes so far, which are then forgotten.
    mutating func take() -> [UInt8] {
        defer { bytes = [] }
        return bytes
    }

    private mutating func open(_ key: String?, _ bracket: Unicode.Scalar) {
        begin(key)
        bytes.append(UInt8(ascii: bracket))
        needsComma = false
    }

    private mutating func close(_ bracket: Unicode.Scalar) {
        bytes.append(UInt8(ascii: bracket))
        needsComma = true
    }

    private mutating func begin(_ key: String?) {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
        needsComma = true
        guard let key else { return }
        quote(key)
        bytes.append(UInt8(ascii: ":"))
    }

    /// RFC 8259, section 7: quotes, backslashes and control characters are escaped.
    private mutating func quote(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                bytes.append(UInt8(ascii: "\\"))
                bytes.append(byte)
            case 0..<0x20:
                bytes.append(contentsOf: "\\u00".utf8)
                bytes.append(contentsOf: Hexadecimal.text(CollectionOfOne(byte)).utf8)
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }
}
