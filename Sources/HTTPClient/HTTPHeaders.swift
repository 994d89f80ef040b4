/// The header fields of a response: names are case-insensitive, order and repetitions are kept.
///
/// Stores the received bytes and parses them on demand: most callers of a status endpoint read one field or none.
public struct HTTPHeaders: Sendable, Hashable {
    /// Lines of `name: value`, each terminated by CR LF.
    private(set) var lines: [UInt8] = []

    public init() {}

    public init(_ fields: [(name: String, value: String)]) {
        for field in fields { lines += "\(field.name): \(field.value)\r\n".utf8 }
    }

    /// The value of the first field with that name, without surrounding white space.
    public subscript(name: String) -> String? {
        var value: String?
        forEachLine { line in
            guard Self.isField(line, named: name) else { return true }
            value = Self.value(of: line)
            return false
        }
        return value
    }

    /// The values of all fields with that name, in order.
    public func values(of name: String) -> [String] {
        var values: [String] = []
        forEachLine { line in
            if Self.isField(line, named: name) { values.append(Self.value(of: line)) }
            return true
        }
        return values
    }

    /// All fields, in order.
    public var fields: [(name: String, value: String)] {
        var fields: [(name: String, value: String)] = []
        forEachLine { line in
            let name = line[..<(line.firstIndex(of: UInt8(ascii: ":")) ?? line.endIndex)]
            fields.append((String(decoding: name, as: UTF8.self), Self.value(of: line)))
            return true
        }
        return fields
    }

    /// The fields whose names begin with `ratelimit`, `x-ratelimit` or `x-rate-limit`, in any case. Nearly free if there is none.
    public var rateLimitFields: [(name: String, value: String)] {
        var fields: [(name: String, value: String)] = []
        forEachLine { line in
            if Self.namesRateLimit(line) {
                let name = line.prefix { $0 != UInt8(ascii: ":") }
                fields.append((String(decoding: name.map(\.inLowerCase), as: UTF8.self), Self.value(of: line)))
            }
            return true
        }
        return fields
    }

    /// `Content-Length` in bytes, if present and a number.
    public var contentLength: Int64? { self["content-length"].flatMap { Int64($0) } }
}

extension HTTPHeaders {
    var byteCount: Int { lines.count }

    mutating func removeAll() { lines.removeAll(keepingCapacity: true) }

    /// Appends a line from libcurl, including its line end.
    mutating func append(line: UnsafeRawBufferPointer) {
        var line = line[...]
        while let last = line.last, last == UInt8(ascii: "\r") || last == UInt8(ascii: "\n") { line.removeLast() }
        // A folded line (RFC 9112, section 5.2) belongs to the previous field.
        if let first = line.first, first.isBlank, !lines.isEmpty { lines.removeLast(2) }
        lines.append(contentsOf: line)
        lines.append(UInt8(ascii: "\r"))
        lines.append(UInt8(ascii: "\n"))
    }

    /// Calls `body` for each line, without its end, until it returns false.
    private func forEachLine(_ body: (ArraySlice<UInt8>) -> Bool) {
        var start = 0
        while start < lines.count, let end = lines[start...].firstIndex(of: UInt8(ascii: "\r")) {
            guard body(lines[start..<end]) else { return }
            start = end + 2
        }
    }

    private static func isField(_ line: ArraySlice<UInt8>, named name: String) -> Bool {
        let count = name.utf8.count
        guard line.count > count, line[line.startIndex + count] == UInt8(ascii: ":") else { return false }
        return zip(line, name.utf8).allSatisfy { $0.inLowerCase == $1.inLowerCase }
    }

    private static func namesRateLimit(_ line: ArraySlice<UInt8>) -> Bool {
        // The first byte rules out nearly every line.
        guard let first = line.first?.inLowerCase, first == UInt8(ascii: "r") || first == UInt8(ascii: "x") else { return false }
        let name = first == UInt8(ascii: "x") ? line.dropFirst(2) : line
        return name.count > 9 && name.prefix(4).elementsEqual("rate".utf8) { $0.inLowerCase == $1 }
            && name.dropFirst(name[name.startIndex + 4] == UInt8(ascii: "-") ? 5 : 4).prefix(5)
                .elementsEqual("limit".utf8) { $0.inLowerCase == $1 }
    }

    private static func value(of line: ArraySlice<UInt8>) -> String {
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { return "" }
        var value = line[(colon + 1)...]
        while let first = value.first, first.isBlank { value.removeFirst() }
        while let last = value.last, last.isBlank { value.removeLast() }
        // RFC 9110, section 5.5: field values were ISO-8859-1 once, and some still are.
        return String(validating: value, as: UTF8.self) ?? String(String.UnicodeScalarView(value.map { Unicode.Scalar($0) }))
    }
}
