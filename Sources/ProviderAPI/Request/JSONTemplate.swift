import ExportCore
import JQ
import Yams

/// A JSON value of the provider file that contains templates.
indirect enum JSONTemplate {
    case literal(JQValue)
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

    /// `nil` if a filter gives no output: its key or element is then left out.
    func value(_ context: JQValue) throws(Failure) -> JQValue? {
        switch self {
        case .literal(let value): return value
        case .template(let template): return try template.value(context)
        case .object(let entries):
            var object = JQObjectBuilder()
            for entry in entries {
                if let value = try entry.value.value(context) { object.set(entry.key, value) }
            }
            return object.build()
        case .array(let elements):
            var values: [JQValue] = []
            for element in elements {
                if let value = try element.value(context) { values.append(value) }
            }
            return JQValue(values)
        }
    }

    /// Plain scalars are typed as in YAML 1.2's JSON schema: `no` and `2024-01-01` are text.
    init?(_ field: Field, _ compiler: FilterCompiler) {
        if let section = Section(field) {
            let entries = section.fields.map { ($0.key, JSONTemplate($0.value, compiler)) }
            self = .object(entries.compactMap { key, value in value.map { (key, $0) } })
        } else if field.node.sequence != nil {
            self = .array(field.elements.compactMap { JSONTemplate($0, compiler) })
        } else if let scalar = field.node.scalar, scalar.style == .plain, let value = Self.typed(scalar.string) {
            self = .literal(value)
        } else if let template = compiler.template(field) {
            self = template.literal.map { .literal(JQValue($0)) } ?? .template(template)
        } else {
            return nil
        }
    }

    private static func typed(_ text: String) -> JQValue? {
        switch text {
        case "true": return JQValue(true)
        case "false": return JQValue(false)
        case "", "~", "null": return .null
        default:
            guard let first = text.first, first == "-" || first.isNumber else { return nil }
            // A number that a double cannot represent stays text, as it does in responses.
            guard let value = try? JQValue(json: text), value.number != nil else { return nil }
            return value
        }
    }
}
