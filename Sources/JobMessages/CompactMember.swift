/// A member of a JSON object as it was written, but for the spaces between its parts. To take it apart and to write it anew is most of what
/// the reading of a job message costs, and would round its large numbers.
struct CompactMember {
    private let bytes: UnsafeBufferPointer<UInt8>
    private var position = 0

    /// - Parameters:
    ///   - name: without characters that JSON escapes.
    ///   - body: JSON that was found to be sound.
    /// - Returns: `nil` where it cannot be told without a whole parser: the name occurs twice or not at all, a name at the top level is
    ///   written with escapes, a string holds a control character, or the text is not UTF-8.
    static func value(_ name: String, in body: [UInt8]) -> String? {
        body.withUnsafeBufferPointer { buffer in
            var reader = CompactMember(bytes: buffer)
            return reader.value(Array(name.utf8))
        }
    }

    private init(bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

    private mutating func value(_ name: [UInt8]) -> String? {
        guard take("{") else { return nil }
        var found: [UInt8]?
        repeat {
            skipSpaces()
            let start = position
            guard skipString(), bytes[start..<position].allSatisfy({ $0 != UInt8(ascii: "\\") }) else { return nil }
            let isWanted = bytes[start + 1..<position - 1].elementsEqual(name)
            guard take(":"), let value = compactValue(isWanted), !isWanted || found == nil else { return nil }
            if isWanted { found = value }
        } while take(",")
        guard take("}") else { return nil }
        return found.flatMap { String(validating: $0, as: UTF8.self) }
    }

    /// - Returns: nothing in it when the value is not wanted.
    private mutating func compactValue(_ isWanted: Bool) -> [UInt8]? {
        var text: [UInt8] = []
        var depth = 0
        while true {
            skipSpaces()
            guard position < bytes.count else { return nil }
            let start = position
            switch bytes[position] {
            case UInt8(ascii: "\""): guard skipString() else { return nil }
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

    private mutating func skipString() -> Bool {
        guard position < bytes.count, bytes[position] == UInt8(ascii: "\"") else { return false }
        position += 1
        while position < bytes.count, bytes[position] != UInt8(ascii: "\"") {
            if bytes[position] < 0x20 { return false }
            position += bytes[position] == UInt8(ascii: "\\") ? 2 : 1
        }
        position += 1
        return position <= bytes.count
    }

    private mutating func skipSpaces() {
        while position < bytes.count, Self.isSpace(bytes[position]) { position += 1 }
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        skipSpaces()
        guard position < bytes.count, bytes[position] == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }
}
