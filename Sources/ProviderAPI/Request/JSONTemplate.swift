import ExportCore
import JQ
import Yams

/// A JSON value of the provider file that contains templates.
indirect enum JSONTemplate {
    /// JSON text.
    case literal(String)
    case template(Template)
    case object([(key: String, value: JSONTemplate)])
    case array([JSONTemplate])

    var parts: ContextParts {
        switch self {
        case .literal: []
        case .template(let template): template.parts
        case .object(let entries): entries.reduce(into: []) { $0.formUnion($1.value.parts) }
        case .array(let elements): elements.reduce(into: []) { $0.formUnion($1.parts) }
        }
    }

    var templates: [Template] {
        switch self {
        case .literal: []
        case .template(let template): [template]
        case .object(let entries): entries.flatMap(\.value.templates)
        case .array(let elements): elements.flatMap(\.templates)
        }
    }

    /// JSON text; `nil` if a filter gives no output: its key or element is then left out.
    func json(_ context: JQValue, _ sources: JSONSources) throws(Failure) -> String? {
        switch self {
        case .literal(let text): return text
        case .template(let template): return try template.json(context, sources)
        case .object(let entries):
            var members: [String] = []
            for entry in entries {
                if let value = try entry.value.json(context, sources) { members.append(JQValue(entry.key).json + ":" + value) }
            }
            return "{" + members.joined(separator: ",") + "}"
        case .array(let elements):
            var values: [String] = []
            for element in elements {
                if let value = try element.json(context, sources) { values.append(value) }
            }
            return "[" + values.joined(separator: ",") + "]"
        }
    }

    /// Plain scalars are typed as in YAML 1.2's JSON schema: `no` and `2024-01-01` are text.
    init?(_ field: Field, _ compiler: FilterCompiler) {
        field.report.log?.note(field.path, .any)
        if let section = Section(field) {
            let entries = section.fields.map { ($0.key, JSONTemplate($0.value, compiler)) }
            self = .object(entries.compactMap { key, value in value.map { (key, $0) } })
        } else if field.node.sequence != nil {
            self = .array(field.elements.compactMap { JSONTemplate($0, compiler) })
        } else if let scalar = field.node.scalar, scalar.style == .plain, let value = Self.typed(scalar.string) {
            self = .literal(value)
        } else if let template = compiler.template(field) {
            self = template.literal.map { .literal(JQValue($0).json) } ?? .template(template)
        } else {
            return nil
        }
    }

    /// JSON text of a plain scalar that is no text.
    static func typed(_ text: String) -> String? {
        switch text {
        case "true", "false": return text
        case "", "~", "null": return "null"
        default:
            guard let first = text.first, first == "-" || first.isNumber, let value = try? JQValue(json: text) else { return nil }
            // An integer that a double cannot represent is read as a string of its digits.
            return value.number == nil ? text : value.json
        }
    }
}
