/// Writes JSON with the members of each object in the order of their names and without spaces between tokens.
///
/// Numbers keep all their digits; Foundation rounds those of more than 64 bits.
public enum SortedJSON {
    public enum Scalars: Sendable {
        /// To be sent: numbers and strings as they are written.
        case asWritten
        /// To be compared: one way to write each number and each string.
        case byValue
    }

    /// - Returns: `nil` for anything but JSON (RFC 8259) of at most 512 levels. The last of several members with one name counts.
    public static func text(_ json: String, _ scalars: Scalars) -> String? {
        read(json) { cursor in cursor.value(scalars, 0).map { String(decoding: $0, as: UTF8.self) } }
    }

    /// The members of an object by name, each as `text` has it; `nil` also for JSON that is no object.
    public static func members(_ json: String, _ scalars: Scalars) -> [String: String]? {
        read(json) { cursor in cursor.members(scalars, 0)?.mapValues { String(decoding: $0, as: UTF8.self) } }
    }

    /// What a JSON string says; `nil` for anything else.
    public static func string(_ json: String) -> String? { read(json) { $0.text() } }

    private static func read<Value>(_ json: String, _ body: (inout JSONCursor) -> Value?) -> Value? {
        var json = json
        return json.withUTF8 { buffer in
            var cursor = JSONCursor(buffer)
            cursor.skipSpaces()
            guard let value = body(&cursor) else { return nil }
            cursor.skipSpaces()
            return cursor.isAtEnd ? value : nil
        }
    }
}

extension JSONCursor {
    /// As many levels as Foundation reads.
    private static let deepest = 512

    fileprivate mutating func value(_ scalars: SortedJSON.Scalars, _ depth: Int) -> [UInt8]? {
        let start = position
        switch next {
        case UInt8(ascii: "{"):
            guard let members = members(scalars, depth) else { return nil }
            var writer = JSONWriter()
            writer.object { json in
                for (name, value) in members.sorted(by: { $0.key < $1.key }) {
                    json.field(name, json: String(decoding: value, as: UTF8.self))
                }
            }
            return writer.bytes
        case UInt8(ascii: "["): return elements(scalars, depth)
        case UInt8(ascii: "\""):
            guard let text = text() else { return nil }
            guard scalars == .byValue else { return Array(bytes[start..<position]) }
            var writer = JSONWriter()
            writer.field(nil, text)
            return writer.bytes
        default:
            while let next, Self.isScalar(next) { position += 1 }
            let written = bytes[start..<position]
            if ["true", "false", "null"].contains(where: { written.elementsEqual($0.utf8) }) { return Array(written) }
            guard let number = DecimalText(written) else { return nil }
            return scalars == .byValue ? number.canonical : Array(written)
        }
    }

    fileprivate mutating func members(_ scalars: SortedJSON.Scalars, _ depth: Int) -> [String: [UInt8]]? {
        guard depth < Self.deepest, skip("{") else { return nil }
        var members: [String: [UInt8]] = [:]
        skipSpaces()
        if skip("}") { return members }
        repeat {
            skipSpaces()
            guard let name = text() else { return nil }
            skipSpaces()
            guard skip(":") else { return nil }
            skipSpaces()
            guard let value = value(scalars, depth + 1) else { return nil }
            members[name] = value
            skipSpaces()
        } while skip(",")
        return skip("}") ? members : nil
    }

    private mutating func elements(_ scalars: SortedJSON.Scalars, _ depth: Int) -> [UInt8]? {
        guard depth < Self.deepest, skip("[") else { return nil }
        var text = [UInt8(ascii: "[")]
        skipSpaces()
        if skip("]") { return text + [UInt8(ascii: "]")] }
        repeat {
            skipSpaces()
            guard let value = value(scalars, depth + 1) else { return nil }
            if text.count > 1 { text.append(UInt8(ascii: ",")) }
            text += value
            skipSpaces()
        } while skip(",")
        return skip("]") ? text + [UInt8(ascii: "]")] : nil
    }

    /// What numbers and literals consist of.
    private static func isScalar(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "E"), UInt8(ascii: "+"),
            UInt8(ascii: "-"), UInt8(ascii: "."):
            true
        default: false
        }
    }
}
