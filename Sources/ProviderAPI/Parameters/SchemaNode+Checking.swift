import JQ

extension SchemaNode {
    /// A longer text is not searched: a pattern may take very long for it.
    private static let longestSearched = 4096

    /// What is wrong with a value, each with its path and what is expected.
    func problems(_ value: JQValue, _ path: String) -> [String] {
        guard kinds.isEmpty || kinds.contains(where: { Self.matches(value, $0) }) else {
            return ["\(path) must be \(kinds.map(Self.word).joined(separator: " or ")), not \(Self.shown(value))"]
        }
        var problems: [String] = []
        if !allowed.isEmpty, !allowed.contains(Self.canonical(value)) {
            let near = Spelling.nearest(to: Self.canonical(value), in: allowed).map { "; did you mean \($0)?" } ?? ""
            problems.append("\(path) must be \(allowed.count == 1 ? "" : "one of ")\(allowed.joined(separator: ", "))\(near)")
        }
        if let text = value.string { problems += textProblems(text, path) }
        if let number = value.number { problems += numberProblems(number, path) }
        if let elements = value.elements, let schema = items.first {
            for (index, element) in elements.enumerated() { problems += schema.problems(element, "\(path)[\(index)]") }
        }
        if let entries = value.entries { problems += memberProblems(entries, path) }
        return problems
    }

    private func textProblems(_ text: String, _ path: String) -> [String] {
        var problems: [String] = []
        if let lengths, !lengths.contains(text.unicodeScalars.count) {
            let upper = lengths.upperBound == .max ? "or more" : "to \(lengths.upperBound)"
            problems.append("\(path) must have \(lengths.lowerBound) \(upper) characters, not \(text.unicodeScalars.count)")
        }
        if let pattern, !Self.contains(text, pattern) { problems.append("\(path) must match \(pattern)") }
        return problems
    }

    /// The pattern was checked when it was read. It may match anywhere, as draft-07 says.
    private static func contains(_ text: String, _ pattern: String) -> Bool {
        guard text.utf8.count <= longestSearched, let regex = try? Regex(pattern) else { return false }
        return text.firstMatch(of: regex) != nil
    }

    private func numberProblems(_ number: Double, _ path: String) -> [String] {
        var problems: [String] = []
        if let minimum, number < minimum { problems.append("\(path) must be at least \(JQValue(minimum).json)") }
        if let maximum, number > maximum { problems.append("\(path) must be at most \(JQValue(maximum).json)") }
        if let bound = exclusiveMinimum, number <= bound { problems.append("\(path) must be more than \(JQValue(bound).json)") }
        if let bound = exclusiveMaximum, number >= bound { problems.append("\(path) must be less than \(JQValue(bound).json)") }
        return problems
    }

    private func memberProblems(_ entries: [(key: String, value: JQValue)], _ path: String) -> [String] {
        var problems: [String] = []
        for name in required where !entries.contains(where: { $0.key == name }) {
            let about = properties.first { $0.name == name }?.schema
            if about?.standard != nil { continue }
            problems.append("\(path).\(name) is missing" + (about?.description.map { " (\($0))" } ?? ""))
        }
        let names = properties.map(\.name)
        for entry in entries {
            if let schema = properties.first(where: { $0.name == entry.key })?.schema {
                problems += schema.problems(entry.value, "\(path).\(entry.key)")
            } else if !allowsOthers {
                let near =
                    Spelling.nearest(to: entry.key, in: names).map { "; did you mean \($0)?" }
                    ?? "; known are \(names.joined(separator: ", "))"
                problems.append("\(path).\(entry.key.prefix(64)) is unknown\(near)")
            }
        }
        return problems
    }

    private static func matches(_ value: JQValue, _ kind: Kind) -> Bool {
        switch kind {
        case .string: value.kind == .string
        case .number: value.kind == .number
        case .integer: value.number.map { $0 == $0.rounded() } ?? false
        case .boolean: value.boolean != nil
        case .array: value.kind == .array
        case .object: value.kind == .object
        case .null: value.isNull
        }
    }

    private static func word(_ kind: Kind) -> String {
        switch kind {
        case .string: "text"
        case .number: "a number"
        case .integer: "a whole number"
        case .boolean: "true or false"
        case .array: "a list"
        case .object: "an object"
        case .null: "null"
        }
    }

    /// Values may be secret or long: only the kind is named.
    private static func shown(_ value: JQValue) -> String {
        switch value.kind {
        case .string: "text"
        case .number: "a number"
        case .array: "a list"
        case .object: "an object"
        default: value.json
        }
    }
}
