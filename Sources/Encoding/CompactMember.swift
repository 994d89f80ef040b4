/// Takes a member out of a JSON object as it is written, without the spaces between its tokens.
///
/// Decoding the value and encoding it again is most of what reading a job message costs, and rounds large numbers.
public enum CompactMember {
    /// - Parameters:
    ///   - name: without characters that JSON escapes.
    ///   - body: valid JSON.
    /// - Returns: `nil` where only a full parser can tell: the name occurs twice or not at all, a name at the top level contains escapes,
    ///   a string contains a control character, or the value is not UTF-8.
    public static func value(_ name: String, in body: [UInt8]) -> String? {
        body.withUnsafeBufferPointer { buffer in
            var cursor = JSONCursor(buffer)
            return cursor.compactMember(Array(name.utf8))
        }
    }
}

extension JSONCursor {
    fileprivate mutating func compactMember(_ wanted: [UInt8]) -> String? {
        guard skipSpacesAnd("{") else { return nil }
        var found: [UInt8]?
        repeat {
            skipSpaces()
            guard let (name, hasEscapes) = string(), !hasEscapes else { return nil }
            let isWanted = name.elementsEqual(wanted)
            guard skipSpacesAnd(":"), let value = compactValue(isWanted), !isWanted || found == nil else { return nil }
            if isWanted { found = value }
        } while skipSpacesAnd(",")
        guard skipSpacesAnd("}") else { return nil }
        return found.flatMap { String(validating: $0, as: UTF8.self) }
    }

    /// Steps over a value.
    /// - Returns: the value without spaces if it is wanted, nothing otherwise; `nil` if it has no end.
    private mutating func compactValue(_ isWanted: Bool) -> [UInt8]? {
        var text: [UInt8] = []
        var depth = 0
        while true {
            skipSpaces()
            guard let next else { return nil }
            let start = position
            switch next {
            case UInt8(ascii: "\""): guard string() != nil else { return nil }
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                depth += 1
                position += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                if depth == 0 { return text }
                depth -= 1
                position += 1
            case UInt8(ascii: ",") where depth == 0: return text
            default: position += 1
            }
            if isWanted { text.append(contentsOf: bytes[start..<position]) }
        }
    }

    private mutating func skipSpacesAnd(_ character: Unicode.Scalar) -> Bool {
        skipSpaces()
        return skip(character)
    }
}
