/// Splits a text that contains `{{ filter }}` into pieces.
enum TemplateText {
    enum Piece: Equatable {
        case text(String)
        case filter(String)
    }

    /// `nil` if a `{{` is not closed.
    static func pieces(of text: String) -> [Piece]? {
        var pieces: [Piece] = []
        var rest = Substring(text)
        while let open = rest.firstRange(of: "{{") {
            if open.lowerBound > rest.startIndex { pieces.append(.text(String(rest[..<open.lowerBound]))) }
            guard let close = end(ofFilter: rest[open.upperBound...]) else { return nil }
            let filter = rest[open.upperBound..<close]
            pieces.append(.filter(String(trimmed(filter))))
            rest = rest[rest.index(close, offsetBy: 2)...]
        }
        if !rest.isEmpty { pieces.append(.text(String(rest))) }
        return pieces
    }

    /// The index of the `}}` that closes the filter. Braces of objects and characters inside strings belong to the filter.
    private static func end(ofFilter text: Substring) -> Substring.Index? {
        var depth = 0
        var index = text.startIndex
        while index < text.endIndex {
            switch text[index] {
            case "\"": index = endOfString(text, from: index)
            case "{": depth += 1
            case "}" where depth > 0: depth -= 1
            case "}" where text[index...].hasPrefix("}}"): return index
            default: break
            }
            if index < text.endIndex { index = text.index(after: index) }
        }
        return nil
    }

    /// The index of the closing quote. `\(…)` inside holds a filter, which may contain strings.
    static func endOfString(_ text: Substring, from quote: Substring.Index) -> Substring.Index {
        var index = text.index(after: quote)
        while index < text.endIndex, text[index] != "\"" {
            if text[index] == "\\" {
                index = text.index(after: index)
                if index < text.endIndex, text[index] == "(" { index = endOfInterpolation(text, from: index) }
            }
            if index < text.endIndex { index = text.index(after: index) }
        }
        return index
    }

    private static func endOfInterpolation(_ text: Substring, from open: Substring.Index) -> Substring.Index {
        var depth = 0
        var index = open
        while index < text.endIndex {
            switch text[index] {
            case "(": depth += 1
            case ")":
                depth -= 1
                if depth == 0 { return index }
            case "\"": index = endOfString(text, from: index)
            default: break
            }
            if index < text.endIndex { index = text.index(after: index) }
        }
        return index
    }

    private static func trimmed(_ text: Substring) -> Substring {
        let start = text.drop { $0.isWhitespace }
        guard let last = start.lastIndex(where: { !$0.isWhitespace }) else { return start.prefix(0) }
        return start[...last]
    }
}
