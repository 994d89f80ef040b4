import Yams

/// Finds `$NAME` in texts that are sent as they are: whoever writes it most likely means an environment variable.
enum ShellVariables {
    /// Reports those in all texts below a field, such as `Token $ACME_TOKEN`. A text that is nothing else is reported by who reads it.
    static func check(_ field: Field?) {
        guard let field else { return }
        switch field.node {
        case .scalar(let scalar):
            guard let name = name(in: scalar.string), !isReported(field) else { return }
            field.problem(
                "$\(name) is sent as it is",
                fix: "write {{ .secrets.\(name) }} in its place, within quotes: it reads the environment variable \(name)")
        case .mapping: for entry in Section(field)?.fields ?? [] { check(entry.value) }
        case .sequence(let sequence):
            for (index, node) in sequence.enumerated() {
                check(Field(node: node, path: "\(field.path)[\(index)]", report: field.report))
            }
        case .alias: break
        }
    }

    private static func isReported(_ field: Field) -> Bool {
        field.report.problems.contains { $0.line == field.node.mark?.line && $0.field == field.path }
    }

    /// Within `{{ … }}` a `$` belongs to jq.
    private static func name(in text: String) -> Substring? {
        text.replacing(/\{\{.*?\}\}/, with: "").firstMatch(of: /(?:^|[\s:=])\$\{?([A-Z][A-Z0-9_]{2,})/).map { $0.output.1 }
    }
}
