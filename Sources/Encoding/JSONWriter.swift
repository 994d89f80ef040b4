/// Writes compact JSON (RFC 8259) directly into bytes, without spaces, in the order of the calls.
///
/// Log lines, stored files and messages are written thousands of times a second, and Foundation's encoders take about ten times as long.
/// The writer sets the commas and quotes; the caller gives each object's members in order and each key once.
public struct JSONWriter: Sendable {
    /// How characters are written that cannot stand in a string as they are.
    public enum Escapes: Sendable {
        /// What RFC 8259, section 7, requires: `\"`, `\\`, and `\u00XX` for control characters below U+0020.
        case required
        /// For logs: line breaks and tabs as `\n`, `\r` and `\t`, and DEL as `\u007f`, so that no control character reaches a terminal.
        case logs
    }

    public private(set) var bytes: [UInt8] = []
    private let escapes: Escapes
    private let textLimit: Int
    private var needsComma = false

    /// - Parameters:
    ///   - capacity: bytes to reserve.
    ///   - textLimit: the most UTF-8 bytes of a key or string; a longer one is cut at a character boundary and ends in `…`.
    public init(capacity: Int = 256, escapes: Escapes = .required, textLimit: Int = .max) {
        self.escapes = escapes
        self.textLimit = textLimit
        bytes.reserveCapacity(capacity)
    }

    // MARK: Containers

    /// - Parameter key: the member's name; `nil` at the top and in arrays.
    public mutating func object(_ key: String? = nil, _ content: (inout JSONWriter) throws -> Void) rethrows {
        beginObject(key)
        try content(&self)
        endObject()
    }

    /// - Parameter key: the member's name; `nil` at the top and in arrays.
    public mutating func array(_ key: String? = nil, _ content: (inout JSONWriter) throws -> Void) rethrows {
        beginArray(key)
        try content(&self)
        endArray()
    }

    public mutating func beginObject(_ key: String? = nil) { open(key, "{") }
    public mutating func endObject() { close("}") }
    public mutating func beginArray(_ key: String? = nil) { open(key, "[") }
    public mutating func endArray() { close("]") }

    // MARK: Values; the key is `nil` in arrays

    public mutating func field(_ key: String?, _ value: String) {
        begin(key)
        quote(value)
    }

    /// `nil` becomes `null`.
    public mutating func field(_ key: String?, _ value: String?) {
        if let value { field(key, value) } else { field(key, json: "null") }
    }

    public mutating func field(_ key: String?, _ value: Int) { field(key, json: String(value)) }

    /// `nil` becomes `null`.
    public mutating func field(_ key: String?, _ value: Int?) { field(key, json: value.map { String($0) } ?? "null") }

    public mutating func field(_ key: String?, _ value: Int64) { field(key, json: String(value)) }

    /// JSON cannot represent infinities and NaN: they become strings.
    public mutating func field(_ key: String?, _ value: Double) {
        if value.isFinite { field(key, json: value.description) } else { field(key, value.description) }
    }

    public mutating func field(_ key: String?, _ value: Bool) { field(key, json: value ? "true" : "false") }

    /// A timestamp with milliseconds, as a string.
    public mutating func field(_ key: String?, _ value: UTCTime) {
        begin(key)
        bytes.append(UInt8(ascii: "\""))
        value.appendTimestamp(to: &bytes)
        bytes.append(UInt8(ascii: "\""))
    }

    /// - Parameter json: a value that is JSON already; it is not checked.
    public mutating func field(_ key: String?, json: String) {
        begin(key)
        bytes.append(contentsOf: json.utf8)
    }

    // MARK: Lines and pieces

    /// Ends a line of NDJSON; the next value stands on its own.
    public mutating func endLine() {
        bytes.append(UInt8(ascii: "\n"))
        needsComma = false
    }

    /// Returns the bytes so far and continues with none.
    public mutating func take() -> [UInt8] {
        defer { bytes = [] }
        return bytes
    }
}

extension JSONWriter {
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

    private mutating func quote(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        var text = text
        let isCut = text.utf8.count > textLimit
        if isCut { text = String(text[..<text.scalarBoundary(atMost: textLimit)]) }
        text.withUTF8 { appendEscaped($0) }
        if isCut { bytes.append(contentsOf: "…".utf8) }
        bytes.append(UInt8(ascii: "\""))
    }

    private mutating func appendEscaped(_ text: UnsafeBufferPointer<UInt8>) {
        // DEL is escaped in logs alone, but is rare enough to take the slow path everywhere.
        let needsEscapes = text.contains { $0 < 0x20 || $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "\\") || $0 == 0x7F }
        guard needsEscapes else { return bytes.append(contentsOf: text) }
        for byte in text {
            switch (byte, escapes) {
            case (UInt8(ascii: "\""), _), (UInt8(ascii: "\\"), _): bytes += [UInt8(ascii: "\\"), byte]
            case (UInt8(ascii: "\n"), .logs): bytes.append(contentsOf: #"\n"#.utf8)
            case (UInt8(ascii: "\r"), .logs): bytes.append(contentsOf: #"\r"#.utf8)
            case (UInt8(ascii: "\t"), .logs): bytes.append(contentsOf: #"\t"#.utf8)
            case (0..<0x20, _), (0x7F, .logs):
                bytes.append(contentsOf: #"\u00"#.utf8)
                Hexadecimal.append(byte, to: &bytes)
            default: bytes.append(byte)
            }
        }
    }
}

extension String {
    /// The index of at most `bytes` bytes of UTF-8, without splitting a Unicode scalar.
    fileprivate func scalarBoundary(atMost bytes: Int) -> Index {
        var index = utf8.index(startIndex, offsetBy: bytes)
        while index > startIndex, utf8[index] & 0xC0 == 0x80 { index = utf8.index(before: index) }
        return index
    }
}
