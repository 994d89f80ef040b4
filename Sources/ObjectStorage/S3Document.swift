/// Parses the XML of S3's responses: machine-generated elements and text of bounded size. Attributes, comments and CDATA are not
/// needed.
struct S3Document {
    private let text: Substring

    init(_ bytes: [UInt8]) { text = Substring(decoding: bytes, as: UTF8.self) }
    private init(_ text: Substring) { self.text = text }

    /// The text of the first element with that name, at any depth.
    func text(_ name: String) -> String? { next(name, in: text).map { Self.unescaped($0.content) } }

    /// All elements with that name, in order.
    func elements(_ name: String) -> [S3Document] {
        var found: [S3Document] = []
        var rest = text
        while let (content, after) = next(name, in: rest) {
            found.append(S3Document(content))
            rest = after
        }
        return found
    }

    func has(_ name: String) -> Bool { next(name, in: text) != nil }

    private func next(_ name: String, in text: Substring) -> (content: Substring, rest: Substring)? {
        var rest = text
        while let open = rest.firstRange(of: "<\(name)") {
            rest = rest[open.upperBound...]
            guard let after = rest.first, after == ">" || after == "/" || after.isWhitespace else { continue }
            guard let tagEnd = rest.firstIndex(of: ">") else { return nil }
            let start = rest.index(after: tagEnd)
            if rest[..<tagEnd].hasSuffix("/") { return (rest[start..<start], rest[start...]) }
            guard let close = rest[start...].firstRange(of: "</\(name)>") else { return nil }
            return (rest[start..<close.lowerBound], rest[close.upperBound...])
        }
        return nil
    }

    private static func unescaped(_ text: Substring) -> String {
        guard text.contains("&") else { return String(text) }
        var result = ""
        var rest = text
        while let start = rest.firstIndex(of: "&"), let end = rest[start...].firstIndex(of: ";") {
            result += rest[..<start]
            result += character(rest[rest.index(after: start)..<end]) ?? String(rest[start...end])
            rest = rest[rest.index(after: end)...]
        }
        return result + rest
    }

    private static func character(_ entity: Substring) -> String? {
        switch entity {
        case "amp": return "&"
        case "lt": return "<"
        case "gt": return ">"
        case "quot": return "\""
        case "apos": return "'"
        default:
            let number: UInt32? =
                if entity.hasPrefix("#x") { UInt32(entity.dropFirst(2), radix: 16) } else if entity.hasPrefix("#") {
                    UInt32(entity.dropFirst())
                } else { nil }
            return number.flatMap { Unicode.Scalar($0) }.map { String(Character($0)) }
        }
    }

    static func escaped(_ text: String) -> String {
        var result = ""
        for character in text.unicodeScalars {
            switch character {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            default: result.unicodeScalars.append(character)
            }
        }
        return result
    }
}
