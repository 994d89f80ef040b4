import JQ
import Yams

/// Compiles the filters and templates of a provider file and reports those that do not compile.
final class FilterCompiler {
    private let jq = JQ()
    private let trace: FilterTrace?

    init(trace: FilterTrace? = nil) { self.trace = trace }

    /// The secrets that the file names, each with the first field that names it.
    private(set) var secrets: [String: Field] = [:]
    /// Every `.export.NAME`, with the field that reads it.
    private(set) var exportUses: [(name: String, field: Field)] = []
    /// Every `.parameters.NAME`, with the field that reads it.
    private(set) var parameterUses: [(name: String, field: Field)] = []
    /// Every `.session.NAME`, with the field that reads it.
    private(set) var sessionUses: [(name: String, field: Field)] = []
    /// The headers that `auth` adds to each request, in lower case.
    var credentials: Set<String> = []
    /// The parts of the context that the filters compiled now have.
    private var available = ContextParts.anywhere

    /// Compiles with other parts of the context.
    func having<Value>(_ parts: ContextParts, _ compile: () -> Value) -> Value {
        let before = available
        defer { available = before }
        available = parts
        return compile()
    }

    /// Compiles filters over an answer.
    func overAnswer<Value>(_ compile: () -> Value) -> Value { having(available.union(.answer), compile) }

    /// Compiles a value that is one filter.
    func filter(_ field: Field) -> Filter? {
        guard let text = field.text(fix: "write a jq filter") else { return nil }
        guard !text.contains("{{") else {
            field.problem("a filter must not be enclosed in {{ }}", fix: "remove the braces")
            return nil
        }
        return compile(text, field)
    }

    /// Compiles a filter that the file leaves out.
    func filter(_ text: String, _ field: Field) -> Filter? { compile(text, field) }

    /// Compiles a text that contains filters.
    func template(_ field: Field, encoding: Template.Encoding = .none) -> Template? {
        guard let text = field.text(fix: Self.textFix) else { return nil }
        return template(text, field, encoding: encoding)
    }

    /// Compiles a text that contains filters, where `$NAME` most likely means an environment variable.
    func requestText(_ field: Field) -> Template? {
        guard let text = field.text(fix: Self.textFix) else { return nil }
        if let name = Self.shellVariable(text) {
            let fix =
                "write \"{{ .secrets.\(name) }}\", which reads the environment variable \(name), "
                + "or '{{ \"\(text)\" }}' to send this text"
            field.problem("\"\(text)\" is sent as it is", fix: fix)
            return nil
        }
        return template(text, field)
    }

    private static let textFix = "write text, with {{ filter }} to insert a value"

    func template(_ text: String, _ field: Field, encoding: Template.Encoding = .none) -> Template? {
        guard let pieces = TemplateText.pieces(of: text) else {
            field.problem("{{ is not closed", fix: "end the filter with }}")
            return nil
        }
        if pieces.count <= 1, Self.looksLikeFilter(text) {
            field.problem("a filter without braces", fix: "write \"{{ \(text) }}\"")
            return nil
        }
        var compiled: [Template.Piece] = []
        for piece in pieces {
            switch piece {
            case .text(let text): compiled.append(.text(text))
            case .filter(let text):
                // In a URL, encoding already turns `.a` into `.a | @uri`; and `@uri` would turn null into the text "null".
                let path = encoding == .percent ? PathHeads.path(encoded: text) : nil
                guard let filter = compile(path ?? text, field) else { return nil }
                compiled.append(.filter(filter, path == nil ? Template.Encoding(of: text, default: encoding) : .percent))
            }
        }
        return Template(pieces: compiled, field: field.path)
    }

    private func compile(_ text: String, _ field: Field) -> Filter? {
        noteSecrets(of: text, field)
        let paths = ContextPath.certain(in: text)
        ContextCheck.check(paths, available, field)
        for path in paths where path.head == "export" {
            if let name = path.next { exportUses.append((name, field)) }
        }
        for path in paths where path.head == "parameters" {
            if let name = path.next { parameterUses.append((name, field)) }
        }
        for path in paths where path.head == "session" {
            if let name = path.next { sessionUses.append((name, field)) }
        }
        do {
            return Filter(program: try jq.compile(text), parts: ContextParts(namedIn: text), field: field.path, trace: trace)
        } catch {
            var place = ""
            if case .compile(let line) = error.kind, line > 1 { place = " on line \(line)" }
            field.problem("the filter does not compile\(place): \(error.message)", fix: "try it with jq on a sample of the context")
            return nil
        }
    }

    private func noteSecrets(of text: String, _ field: Field) {
        for rest in PathHeads.occurrences(of: ".secrets", in: text) {
            guard let name = PathHeads.name(after: rest) else {
                field.problem(".secrets without a name", fix: "write .secrets.NAME, because only named secrets are read")
                continue
            }
            if secrets[name] == nil { secrets[name] = field }
        }
    }

    /// The name in a text that is only `$NAME` or `${NAME}`.
    private static func shellVariable(_ text: String) -> String? {
        guard text.hasPrefix("$") else { return nil }
        let isBraced = text.hasPrefix("${") && text.hasSuffix("}")
        let name = isBraced ? text.dropFirst(2).dropLast() : text.dropFirst()
        guard let first = name.first, !first.isNumber, name.allSatisfy({ $0.isASCII && ($0.isUppercase || $0.isNumber || $0 == "_") })
        else { return nil }
        return String(name)
    }

    private static func looksLikeFilter(_ text: String) -> Bool {
        [".parameters.", ".job.", ".export.", ".secrets.", ".response."].contains { text.hasPrefix($0) }
    }
}

/// Finds where a filter reads a part of the context.
enum PathHeads {
    /// The text after each occurrence of `path` at the start of a jq path: `(.secrets` is one, `.a.secrets` is not.
    static func occurrences(of path: String, in filter: String) -> [Substring] {
        filter.ranges(of: path).compactMap { range in
            if let next = filter[range.upperBound...].first, isNameCharacter(next) { return nil }
            guard range.lowerBound > filter.startIndex else { return filter[range.upperBound...] }
            let before = filter[filter.index(before: range.lowerBound)]
            return isNameCharacter(before) || before == "]" || before == "\"" || before == ")" ? nil : filter[range.upperBound...]
        }
    }

    /// Whether a word may name a part of the context: unless each time it belongs to a longer word, or to a path that begins with another
    /// name. A variable may hold the context.
    static func mayRead(_ name: String, in filter: String) -> Bool {
        filter.ranges(of: name).contains { range in
            if let next = filter[range.upperBound...].first, isNameCharacter(next) { return false }
            let before = filter[..<range.lowerBound]
            guard let last = before.last else { return true }
            if isNameCharacter(last) { return false }
            guard last == ".", let owner = before.dropLast().last else { return true }
            if owner == "]" || owner == ")" || owner == "\"" || owner == "?" { return false }
            guard isNameCharacter(owner) else { return true }
            let path = before.dropLast().reversed().prefix { isNameCharacter($0) || $0 == "." }
            return before.dropLast().dropLast(path.count).last == "$"
        }
    }

    /// The path in `PATH | @uri`; `nil` for any other filter.
    static func path(encoded filter: String) -> String? {
        guard filter.hasSuffix("@uri") else { return nil }
        let words = filter.dropLast(4).split(separator: "|", omittingEmptySubsequences: false)
        guard words.count == 2, words[1].allSatisfy(\.isWhitespace), words[0].first == "." else { return nil }
        let path = words[0].prefix { isNameCharacter($0) || $0 == "." }
        return words[0][path.endIndex...].allSatisfy(\.isWhitespace) ? String(path) : nil
    }

    /// Accepts `.NAME`, `["NAME"]` or `."NAME"`.
    static func name(after rest: Substring) -> String? {
        let opening = ["[\"", ".[\"", ".\"", "."].first { rest.hasPrefix($0) }
        guard let opening else { return nil }
        let name = rest.dropFirst(opening.count).prefix(while: isNameCharacter)
        return name.isEmpty ? nil : String(name)
    }

    private static func isNameCharacter(_ character: Character) -> Bool {
        character.isASCII && (character.isLetter || character.isNumber || character == "_")
    }
}
