import Encoding
import ExportCore
import JQ

/// The body of a request in the provider file.
enum RequestBody {
    case none
    case json(JSONTemplate)
    case form([RequestTemplate.Parameter])
    case text(Template)
    /// Values are inserted with the entities of XML.
    case xml(Template)
    case multipart([MultipartForm.Field])
    case graphQL(query: Template, variables: JSONTemplate?)

    static let keys = ["json", "form", "text", "xml", "multipart", "graphql"]

    /// `section` holds at most one of `keys` among other keys.
    init(_ section: Section, _ compiler: FilterCompiler) {
        let used = section.fields.filter { Self.keys.contains($0.key) && section.has($0.key) }
        if used.count > 1 {
            used[1].value.problem("a request cannot have both \(used[0].key) and \(used[1].key)", fix: "remove one")
        }
        self = used.first.flatMap { Self.read($0.key, $0.value, compiler) } ?? .none
    }

    private static func read(_ key: String, _ field: Field, _ compiler: FilterCompiler) -> RequestBody? {
        switch key {
        case "json": JSONTemplate(field, compiler).map { .json($0) }
        case "form": .form(RequestTemplate.parameters(field, compiler))
        case "text": compiler.template(field).map { .text($0) }
        case "xml": compiler.template(field, encoding: .xml).map { .xml($0) }
        case "multipart": .multipart(MultipartForm.fields(field, compiler))
        default: graphQL(field, compiler)
        }
    }

    private static func graphQL(_ field: Field, _ compiler: FilterCompiler) -> RequestBody? {
        guard let section = field.section(["query", "variables"]) else { return nil }
        let query = section.required("query", fix: "write the operation: a query or mutation").flatMap { compiler.template($0) }
        let variables = section["variables"].flatMap { JSONTemplate($0, compiler) }
        return query.map { .graphQL(query: $0, variables: variables) }
    }

    var isGraphQL: Bool {
        if case .graphQL = self { return true }
        return false
    }

    var parts: ContextParts {
        switch self {
        case .none: []
        case .json(let template): template.parts
        case .form(let fields): fields.reduce(into: []) { $0.formUnion($1.value.parts) }
        case .text(let template), .xml(let template): template.parts
        case .multipart(let fields): fields.reduce(into: []) { $0.formUnion($1.parts) }
        case .graphQL(let query, let variables): query.parts.union(variables?.parts ?? [])
        }
    }

    var templates: [Template] {
        switch self {
        case .none: []
        case .json(let json): json.templates
        case .form(let fields): fields.map(\.value)
        case .text(let template), .xml(let template): [template]
        case .multipart(let fields): fields.flatMap { [$0.content] + ($0.fileName.map { [$0] } ?? []) }
        case .graphQL(let query, let variables): [query] + (variables?.templates ?? [])
        }
    }

    /// The content type and the bytes.
    /// - Throws: `missing-value`, `filter-failed`; `invalid-xml`, permanent, for a character that XML cannot hold.
    func content(_ context: JQValue, _ sources: JSONSources) throws(Failure) -> (type: String, bytes: [UInt8])? {
        switch self {
        case .none: return nil
        case .json(let template): return ("application/json", Array((try template.json(context, sources) ?? "null").utf8))
        case .form(let fields):
            var pairs: [String] = []
            for field in fields {
                for value in try field.value.texts(context, sources) {
                    pairs.append(PercentEncoding.encoded(field.name) + "=" + PercentEncoding.encoded(value))
                }
            }
            return ("application/x-www-form-urlencoded", Array(pairs.joined(separator: "&").utf8))
        case .text(let template): return ("text/plain; charset=utf-8", Array((try template.text(context, sources) ?? "").utf8))
        case .xml(let template):
            let text = try template.text(context, sources) ?? ""
            guard text.unicodeScalars.allSatisfy(XMLText.isAllowed) else {
                throw Failure(.permanent, code: "invalid-xml", message: "\(template.field): a control character, which XML cannot hold")
            }
            return ("application/xml; charset=utf-8", Array(text.utf8))
        case .multipart(let fields):
            let form = MultipartForm(try MultipartForm.parts(fields, context, sources))
            return (form.type, form.bytes)
        case .graphQL(let query, let variables):
            var members = ["\"query\":\(JQValue(try query.text(context, sources) ?? "").json)"]
            if let json = try variables?.json(context, sources) { members.append("\"variables\":\(json)") }
            return ("application/json", Array("{\(members.joined(separator: ","))}".utf8))
        }
    }
}

/// Text as XML 1.0 holds it.
enum XMLText {
    /// Fits between tags and into an attribute.
    static func escaped(_ text: String) -> String {
        text.escaping { scalar in
            switch scalar {
            case "&": "&amp;"
            case "<": "&lt;"
            case ">": "&gt;"
            case "\"": "&quot;"
            case "'": "&apos;"
            default: nil
            }
        }
    }

    /// Whether XML 1.0, section 2.2, allows the character.
    static func isAllowed(_ scalar: Unicode.Scalar) -> Bool {
        scalar.value >= 0x20 ? scalar.value < 0xFFFE || scalar.value > 0xFFFF : [0x09, 0x0A, 0x0D].contains(scalar.value)
    }
}
