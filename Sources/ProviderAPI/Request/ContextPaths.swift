/// A path in a filter that reads the context, such as `.export.id`.
struct ContextPath: Equatable {
    let head: String
    /// The name after the head, if it is written as `.NAME`.
    let next: String?
    /// The name after that, as `.NAME` or `["NAME"]`.
    var third: String?

    /// The paths of a filter that certainly read the context. What follows a pipe, stands in a string, an object or the arguments of a
    /// function, or comes after a definition or a variable, may read something else and is left out.
    static func certain(in filter: String) -> [ContextPath] {
        var scanner = ContextPathScanner(filter)
        scanner.scan()
        return scanner.paths
    }
}

private struct ContextPathScanner {
    private enum Token { case start, value, name }

    private(set) var paths: [ContextPath] = []
    private let text: [Character]
    private var index = 0
    private var previous = Token.start
    /// For each open bracket, whether what comes next reads the context.
    private var levels = [true]

    init(_ filter: String) { text = Array(filter) }

    private var current: Character? { index < text.count ? text[index] : nil }
    private var following: Character? { index + 1 < text.count ? text[index + 1] : nil }

    mutating func scan() {
        while let character = current {
            switch character {
            case "\"": skipString()
            case "#": skip { !$0.isNewline }
            case ".": path()
            case "$", "@":
                index += 1
                skip { $0.isNameCharacter }
                previous = .value
            case "(": open(previous == .name ? false : levels[levels.count - 1])
            case "[": open(levels[levels.count - 1])
            case "{": open(false)
            case ")", "]", "}": close()
            case "|":
                levels[levels.count - 1] = false
                step(.start)
            case "?": step(.value)
            case _ where character.isWhitespace: index += 1
            case _ where character.isNumber:
                skip { $0.isNumber || $0 == "." }
                previous = .value
            case _ where character.isNameCharacter:
                if isEnd(of: name()) { return }
            default: step(.start)
            }
        }
    }

    /// After these words, a path may read something else.
    private mutating func isEnd(of word: String) -> Bool {
        previous = ["if", "then", "elif", "else", "and", "or", "try"].contains(word) ? .start : .name
        return ["def", "as", "reduce", "foreach", "label", "catch", "import", "include"].contains(word)
    }

    private mutating func path() {
        guard following?.isNameStart == true else { return step(.value) }
        index += 1
        let head = name()
        let isHead = previous == .start && levels[levels.count - 1]
        var next: String?
        if current == ".", following?.isNameStart == true {
            index += 1
            next = name()
        }
        if isHead { paths.append(ContextPath(head: head, next: next, third: next == nil ? nil : member())) }
        previous = .value
    }

    /// `.NAME` or `["NAME"]`, which stays to be read in the latter form.
    private mutating func member() -> String? {
        if current == ".", following?.isNameStart == true {
            index += 1
            return name()
        }
        let rest = text[min(index + (current == "." ? 1 : 0), text.count)...]
        guard rest.starts(with: ["[", "\""]), let end = rest.dropFirst(2).firstIndex(of: "\""), end + 1 < text.count, text[end + 1] == "]"
        else { return nil }
        return String(rest[(rest.startIndex + 2)..<end])
    }

    private mutating func name() -> String {
        let start = index
        skip { $0.isNameCharacter }
        return String(text[start..<index])
    }

    private mutating func open(_ readsContext: Bool) {
        levels.append(readsContext)
        step(.start)
    }

    private mutating func close() {
        if levels.count > 1 { levels.removeLast() }
        step(.value)
    }

    private mutating func step(_ token: Token) {
        index += 1
        previous = token
    }

    private mutating func skip(while isSkipped: (Character) -> Bool) {
        while let character = current, isSkipped(character) { index += 1 }
    }

    /// Skips a string with the filters in it.
    private mutating func skipString() {
        let rest = String(text[index...])
        let end = TemplateText.endOfString(rest[...], from: rest.startIndex)
        index += rest.distance(from: rest.startIndex, to: end) + 1
        previous = .value
    }
}

extension Character {
    fileprivate var isNameStart: Bool { isASCII && (isLetter || self == "_") }
    fileprivate var isNameCharacter: Bool { isASCII && (isLetter || isNumber || self == "_") }
}
