import Encoding
import ExportCore
import HTTPClient
import JQ

/// A request of the provider file: line, query, headers and body.
struct RequestTemplate {
    enum Body {
        case none
        case json(JSONTemplate)
        case form([Parameter])
    }

    struct Parameter {
        let name: String
        let value: Template
    }

    static let keys = ["request", "query", "headers", "json", "form", "redirects"]

    let line: RequestLine
    let query: [Parameter]
    let headers: [Parameter]
    let body: Body
    /// Set by the step, which knows what else reads a 3xx.
    var redirects = RedirectRule.follow
    /// The parts that the line, query, headers and body read.
    let parts: ContextParts

    /// `section` holds `keys` among other keys.
    init?(_ section: Section, _ compiler: FilterCompiler) {
        query = Self.parameters(section["query"], compiler)
        headers = HeaderFields.read(section["headers"], credentials: compiler.credentials, compiler)
        body = Self.body(section, compiler)
        let fix = "write a method and a path, such as GET /exports/{{ .export.id }}"
        guard let field = section.required("request", fix: fix), let line = RequestLine(field, compiler) else { return nil }
        self.line = line
        var parts = (query + headers).reduce(into: line.template.parts) { $0.formUnion($1.value.parts) }
        switch body {
        case .none: break
        case .json(let template): parts.formUnion(template.parts)
        case .form(let fields): parts = fields.reduce(into: parts) { $0.formUnion($1.value.parts) }
        }
        self.parts = parts
    }

    /// A request that consists of a line only.
    init(_ line: RequestLine, redirects: RedirectRule) {
        self.line = line
        self.redirects = redirects
        query = []
        headers = []
        body = .none
        parts = line.template.parts
    }

    static func parameters(_ field: Field?, _ compiler: FilterCompiler) -> [Parameter] {
        guard let field else { return [] }
        guard let section = Section(field) else {
            field.problem("\(field.kind) where a mapping is expected", fix: "write NAME: VALUE")
            return []
        }
        return section.fields.compactMap { entry in compiler.requestText(entry.value).map { Parameter(name: entry.key, value: $0) } }
    }

    private static func body(_ section: Section, _ compiler: FilterCompiler) -> Body {
        let json = section["json"].flatMap { JSONTemplate($0, compiler) }
        if let form = section["form"] {
            if section.has("json") { form.problem("a request cannot have both json and form", fix: "remove one") }
            return .form(parameters(form, compiler))
        }
        return json.map { .json($0) } ?? .none
    }

    func hasHeader(_ name: String) -> Bool { headers.contains { $0.name.lowercased() == name } }
}

extension RequestTemplate {
    /// The target with the query appended.
    func url(_ context: JQValue, _ sources: JSONSources, base: String) throws(Failure) -> String {
        var url = try line.url(context, base: base)
        guard !query.isEmpty else { return url }
        var separator = url.contains("?") ? "&" : "?"
        for parameter in query {
            guard let value = try parameter.value.text(context, sources) else { continue }
            url += separator + PercentEncoding.encoded(parameter.name) + "=" + PercentEncoding.encoded(value)
            separator = "&"
        }
        return url
    }

    /// The content type and the body bytes.
    func content(_ context: JQValue, _ sources: JSONSources) throws(Failure) -> (type: String, bytes: [UInt8])? {
        switch body {
        case .none: return nil
        case .json(let template): return ("application/json", Array((try template.json(context, sources) ?? "null").utf8))
        case .form(let fields):
            var pairs: [String] = []
            for field in fields {
                guard let value = try field.value.text(context, sources) else { continue }
                pairs.append(PercentEncoding.encoded(field.name) + "=" + PercentEncoding.encoded(value))
            }
            return ("application/x-www-form-urlencoded", Array(pairs.joined(separator: "&").utf8))
        }
    }
}
