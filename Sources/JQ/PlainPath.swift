/// Parses filters that are plain paths: `.`, `.a.b`, `.a["b-c"].d`, `.[0].a`.
enum PlainPath {
    /// The keys from the root, `nil` for any other filter.
    static func keys(of filter: String) -> [JQValue]? {
        var rest = Substring(filter)
        while rest.first?.isWhitespace == true { rest.removeFirst() }
        while rest.last?.isWhitespace == true { rest.removeLast() }
        guard rest.first == "." else { return nil }
        if rest == "." { return [] }
        var keys: [JQValue] = []
        while !rest.isEmpty {
            guard let key = identifier(&rest) ?? bracketed(&rest, isFirst: keys.isEmpty) else { return nil }
            keys.append(key)
        }
        return keys
    }

    private static func identifier(_ rest: inout Substring) -> JQValue? {
        guard rest.first == ".", let head = rest.dropFirst().first, isLetter(head) else { return nil }
        let name = rest.dropFirst().prefix { isLetter($0) || isDigit($0) }
        rest = rest[name.endIndex...]
        return JQValue(String(name))
    }

    private static func bracketed(_ rest: inout Substring, isFirst: Bool) -> JQValue? {
        var inner = rest
        if inner.first == "." { inner.removeFirst() } else if isFirst { return nil }
        guard inner.first == "[", let close = inner.firstIndex(of: "]") else { return nil }
        let content = inner[inner.index(after: inner.startIndex)..<close]
        let key: JQValue
        if content.count > 2, content.first == "\"", content.last == "\"" {
            let name = content.dropFirst().dropLast()
            guard name.allSatisfy({ isLetter($0) || isDigit($0) || $0 == "-" || $0 == " " }) else { return nil }
            key = JQValue(String(name))
        } else if !content.isEmpty, content.count < 10, content.allSatisfy(isDigit), let index = Int(content) {
            key = JQValue(index)
        } else {
            return nil
        }
        rest = inner[inner.index(after: close)...]
        return key
    }

    private static func isLetter(_ character: Character) -> Bool {
        character.isASCII && (character.isLetter || character == "_")
    }

    private static func isDigit(_ character: Character) -> Bool { character.isASCII && character.isNumber }
}
