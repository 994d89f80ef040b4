import JQ
import Yams

/// Compiles what a file holds in filters and templates, and reports what does not compile.
final class FilterCompiler {
    private let jq = JQ()
    /// The secrets that are named, each with the first place.
    private(set) var secrets: [String: Field] = [:]

    /// A value that is a filter as a whole.
    func filter(_ field: Field) -> Filter? {
        guard let text = field.text(mend: "write a jq filter") else { return nil }
        guard !text.contains("{{") else {
            field.problem("{{ }} around a filter", mend: "this key holds a filter: leave the braces away")
            return nil
        }
        return compile(text, field)
    }

    /// A value that is a text with filters in it.
    func template(_ field: Field, encoding: Template.Encoding = .none) -> Template? {
        guard let text = field.text(mend: "write a text, with {{ filter }} where a value goes") else { return nil }
        return template(text, field, encoding: encoding)
    }

    func template(_ text: String, _ field: Field, encoding: Template.Encoding = .none) -> Template? {
        guard let pieces = TemplateText.pieces(of: text) else {
            field.problem("{{ without }}", mend: "close the filter with }}")
            return nil
        }
        if pieces.count <= 1, Self.looksLikeFilter(text) {
            field.problem("a filter without its braces", mend: "write \"{{ \(text) }}\"")
            return nil
        }
        var compiled: [Template.Piece] = []
        for piece in pieces {
            switch piece {
            case .text(let text): compiled.append(.text(text))
            case .filter(let text):
                // `.a | @uri` in a URL is what encoding does to `.a`; and of a null, `@uri` would make the text "null".
                let path = encoding == .percent ? PathHeads.path(encoded: text) : nil
                guard let filter = compile(path ?? text, field) else { return nil }
                compiled.append(.filter(filter, path == nil ? Template.Encoding(of: text, default: encoding) : .percent))
            }
        }
        return Template(pieces: compiled, field: field.path)
    }

    private func compile(_ text: String, _ field: Field) -> Filter? {
        noteSecrets(of: text, field)
        if !PathHeads.occurrences(of: ".callback", in: text).isEmpty {
            field.problem(".callback is not supported yet", mend: "poll the status instead")
        }
        do {
            return Filter(program: try jq.compile(text), parts: ContextParts(namedIn: text), field: field.path)
        } catch {
            var place = ""
            if case .compile(let line) = error.kind, line > 1 { place = " on its line \(line)" }
            field.problem("the filter does not compile\(place): \(error.message)", mend: "try it with jq on a sample of the context")
            return nil
        }
    }

    private func noteSecrets(of text: String, _ field: Field) {
        for rest in PathHeads.occurrences(of: ".secrets", in: text) {
            guard let name = PathHeads.name(after: rest) else {
                field.problem(".secrets without a name", mend: "write .secrets.NAME: only secrets that are named are read")
                continue
            }
            if secrets[name] == nil { secrets[name] = field }
        }
    }

    private static func looksLikeFilter(_ text: String) -> Bool {
        [".parameters.", ".job.", ".export.", ".secrets.", ".response."].contains { text.hasPrefix($0) }
    }
}

/// Finds where a filter goes into a part of the context.
enum PathHeads {
    /// What follows each `path` that begins a path: `.a.secrets` does not, `(.secrets` does.
    static func occurrences(of path: String, in filter: String) -> [Substring] {
        filter.ranges(of: path).compactMap { range in
            if let next = filter[range.upperBound...].first, isNameCharacter(next) { return nil }
            guard range.lowerBound > filter.startIndex else { return filter[range.upperBound...] }
            let before = filter[filter.index(before: range.lowerBound)]
            return isNameCharacter(before) || before == "]" || before == "\"" || before == ")" ? nil : filter[range.upperBound...]
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

    /// `.NAME`, `["NAME"]` or `."NAME"`.
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
