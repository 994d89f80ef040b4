import Yams

/// A value of the provider file with its position.
struct Field {
    let node: Node
    let path: String
    let report: ProblemReport

    func problem(_ message: String, fix: String) { report.add(node.mark, path, message, fix: fix) }

    /// The text of a scalar as written. Reports a value of another kind.
    func text(fix: String = "write text") -> String? {
        if node.scalar != nil { report.log?.note(path, .text) }
        guard let scalar = node.scalar else {
            if isUnquotedTemplate {
                problem(Self.unquoted, fix: Self.quoteFix)
            } else {
                problem("\(kind) where text is expected", fix: fix)
            }
            return nil
        }
        return scalar.string
    }

    /// Whether it is `{{ … }}` without quotes: a mapping whose only key is a mapping.
    private var isUnquotedTemplate: Bool { node.mapping.map { $0.count == 1 && $0.first?.key.mapping != nil } ?? false }

    static let unquoted = "an unquoted {{ … }}, which YAML reads as a mapping"
    static let quoteFix = "quote the template: \"{{ … }}\""

    /// The fields of a mapping. Reports unknown keys.
    func section(_ keys: [String]) -> Section? {
        guard let section = Section(self) else {
            problem("\(kind) where a mapping is expected", fix: "write a mapping with the keys \(keys.joined(separator: ", "))")
            return nil
        }
        section.reportUnknown(keys)
        return section
    }

    /// The elements of a sequence, or the value itself as the only element.
    var elements: [Field] {
        report.log?.note(path, .oneOrMany)
        guard let sequence = node.sequence else { return [self] }
        return sequence.enumerated().map { Field(node: $1, path: "\(path)[\($0)]", report: report) }
    }

    /// The elements of a sequence. Reports a value of another kind.
    func list(fix: String) -> [Field] {
        guard let sequence = node.sequence else {
            problem("\(kind) where a list is expected", fix: fix)
            return []
        }
        report.log?.note(path, .list)
        return sequence.enumerated().map { Field(node: $1, path: "\(path)[\($0)]", report: report) }
    }

    var kind: String {
        switch node {
        case .scalar(let scalar): isNull(scalar) ? "nothing" : "text"
        case .mapping: "a mapping"
        case .sequence: "a list"
        case .alias: "an alias"
        }
    }

    private func isNull(_ scalar: Node.Scalar) -> Bool { scalar.style == .plain && ["", "~", "null"].contains(scalar.string) }
}

/// A mapping in the provider file.
struct Section {
    let field: Field
    /// In file order.
    let fields: [(key: String, keyMark: Mark?, value: Field)]

    init?(_ field: Field) {
        guard let mapping = field.node.mapping else { return nil }
        field.report.log?.note(field.path, .map)
        self.field = field
        fields = mapping.compactMap { key, value in
            guard let name = key.scalar?.string else {
                let isTemplate = key.mapping != nil
                field.report.add(
                    key.mark, field.path, isTemplate ? Field.unquoted : "a key that is not text",
                    fix: isTemplate ? Field.quoteFix : "write a name")
                return nil
            }
            let path = field.path.isEmpty ? name : "\(field.path).\(name)"
            return (name, key.mark, Field(node: value, path: path, report: field.report))
        }
    }

    /// `nil` if the key is missing or has no value.
    subscript(key: String) -> Field? {
        guard let value = fields.first(where: { $0.key == key })?.value, value.kind != "nothing" else { return nil }
        return value
    }

    func has(_ key: String) -> Bool { self[key] != nil }

    /// Reports a missing key.
    func required(_ key: String, fix: String) -> Field? {
        field.report.log?.noteRequired(key, in: field.path)
        if let value = self[key] { return value }
        let path = field.path.isEmpty ? key : "\(field.path).\(key)"
        let mark = fields.first { $0.key == key }?.keyMark ?? field.node.mark
        field.report.add(mark, path, "missing", fix: fix)
        return nil
    }

    /// - Parameter besides: keys that are reported elsewhere.
    func reportUnknown(_ known: [String], besides others: [String] = []) {
        field.report.log?.note(field.path, keys: known)
        for entry in fields where !known.contains(entry.key) && !others.contains(entry.key) {
            let near = Spelling.nearest(to: entry.key, in: known)
            let fix = near.map { "did you mean \"\($0)\"?" } ?? "the allowed keys are \(known.joined(separator: ", "))"
            field.report.add(entry.keyMark, entry.value.path, "unknown key \"\(entry.key)\"", fix: fix)
        }
    }
}
