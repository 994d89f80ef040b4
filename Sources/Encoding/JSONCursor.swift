/// A position in JSON text, and the steps that the readers share.
struct JSONCursor {
    let bytes: UnsafeBufferPointer<UInt8>
    var position = 0

    init(_ bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

    var isAtEnd: Bool { position == bytes.count }

    /// The byte at the position; `nil` at the end.
    var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    /// Steps over the character if it is next.
    mutating func skip(_ character: Unicode.Scalar) -> Bool {
        guard next == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    mutating func skipSpaces() {
        while let next, next == 0x20 || next == 0x0A || next == 0x0D || next == 0x09 { position += 1 }
    }

    /// Steps over a string.
    /// - Returns: what stands between its quotes; `nil` if no string is next, it has no end, or it contains a control character.
    mutating func string() -> (content: Slice<UnsafeBufferPointer<UInt8>>, hasEscapes: Bool)? {
        guard skip("\"") else { return nil }
        let start = position
        var hasEscapes = false
        while let next, next != UInt8(ascii: "\"") {
            guard next >= 0x20 else { return nil }
            let isEscape = next == UInt8(ascii: "\\")
            hasEscapes = hasEscapes || isEscape
            position += isEscape ? 2 : 1
        }
        guard position < bytes.count else { return nil }
        position += 1
        return (bytes[start..<position - 1], hasEscapes)
    }
}
