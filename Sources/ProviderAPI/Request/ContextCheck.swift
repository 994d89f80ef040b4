/// Checks at the load of a file that its filters read what exists.
enum ContextCheck {
    private static let members: [String: [String]] = [
        "job": ["id", "provider", "correlationId", "tenant", "priority", "attempt", "idempotencyKey", "creation"],
        "response": ["status", "headers", "body"], "request": ["url"], "callback": ["url"], "file": ["url", "name", "id"],
    ]
    private static let parts: [String: ContextParts] = [
        "job": .job, "parameters": .parameters, "export": .export, "secrets": .secrets, "page": .page, "response": .response,
        "request": .request, "session": .session, "assertion": .assertion, "file": .file, "ids": .ids, "exports": .exports, "item": .item,
        "callback": .callback,
    ]

    /// Reports the paths of the filter that begin with no part of the context, or with one that this place does not have.
    static func check(_ paths: [ContextPath], _ available: ContextParts, _ field: Field) {
        for path in paths {
            guard let part = parts[path.head] else {
                field.problem(".\(path.head) is no part of the context", fix: fix(path))
                continue
            }
            guard available.contains(part) else {
                let names = parts.filter { available.contains($0.value) }.keys.sorted().map { ".\($0)" }.joined(separator: ", ")
                field.problem(".\(path.head) is not available here", fix: "this place has \(names)")
                continue
            }
            if path.head == "response", path.next == "headers", let name = path.third, name != name.lowercased() {
                field.problem(
                    "the names of headers are in lower case: \(name) is never there",
                    fix: "write .response.headers[\"\(name.lowercased())\"]")
            }
            guard let next = path.next, let known = members[path.head], !known.contains(next) else { continue }
            let near = Spelling.nearest(to: next, in: known)
            let fix = near.map { "did you mean .\(path.head).\($0)?" } ?? "it has \(known.joined(separator: ", "))"
            field.problem(".\(path.head) has no \(next)", fix: fix)
        }
    }

    private static func fix(_ path: ContextPath) -> String {
        if let part = members.first(where: { $0.key != "job" && $0.value.contains(path.head) }) {
            return "did you mean .\(part.key).\(path.head)?"
        }
        if let near = Spelling.nearest(to: path.head, in: parts.keys.sorted()) { return "did you mean .\(near)?" }
        return "the parts are \(parts.keys.sorted().map { ".\($0)" }.joined(separator: ", "))"
    }

    /// Reports `.parameters.NAME` for names that no job can have, and advises against those that look like a slip.
    static func check(_ uses: [(name: String, field: Field)], _ schema: ParameterSchema) {
        let names = schema.parameters.map(\.name)
        guard !names.isEmpty else { return }
        for use in uses where !names.contains(use.name) {
            let near = Spelling.nearest(to: use.name, in: names).map { "did you mean .parameters.\($0)?" }
            let message = "parameters has no property \(use.name)"
            if schema.isClosed {
                use.field.problem(message, fix: near ?? "it has \(names.joined(separator: ", "))")
            } else if let near {
                use.field.report.advise(use.field.node.mark, use.field.path, message, fix: near)
            }
        }
    }

    /// Reports `.export.NAME` for names that no mapping stores.
    static func check(_ uses: [(name: String, field: Field)], stored: Set<String>) {
        for use in uses where !stored.contains(use.name) {
            let near = Spelling.nearest(to: use.name, in: stored.sorted())
            use.field.problem(
                "nothing stores .export.\(use.name)",
                fix: near.map { "did you mean .export.\($0)?" } ?? "add \(use.name) to create.export, or to status.export")
        }
    }
}

extension ContextParts {
    /// What every request has.
    static let anywhere: ContextParts = [.job, .parameters, .secrets]
    /// What filters over an answer have in addition.
    static let answer: ContextParts = [.response, .status, .headers, .body, .request]
}
