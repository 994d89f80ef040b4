import Encoding
import ExportCore
import HTTPClient
import JQ

/// A request of the provider file: line, query, headers and body. A class, because each check passes it on.
final class RequestTemplate {
    struct Parameter {
        let name: String
        let value: Template
    }

    static let keys = ["request", "auth", "query", "headers", "redirects", "answer"] + RequestBody.keys

    let line: RequestLine
    let query: [Parameter]
    let headers: [Parameter]
    let body: RequestBody
    /// How the body of the answer is read.
    let answer: AnswerForm
    /// In place of the provider's, if the request has its own `auth`.
    var credentials: Credentials?
    /// Set by the step, which knows what else reads a 3xx.
    var redirects = RedirectRule.follow
    /// The parts that the line, query, headers and body read.
    let parts: ContextParts

    /// `section` holds `keys` among other keys.
    init?(_ section: Section, _ compiler: FilterCompiler) {
        query = Self.parameters(section["query"], compiler)
        let credentials = section["auth"].map { Credentials(ofRequest: $0, compiler) }
        headers = HeaderFields.read(section["headers"], credentials: credentials?.names ?? compiler.credentials, compiler)
        body = RequestBody(section, compiler)
        answer = section["answer"]?.word(AnswerForm.self) ?? .auto
        self.credentials = credentials
        let fix = "write a method and a path, such as GET /exports/{{ .export.id }}"
        guard let field = section.required("request", fix: fix), let line = RequestLine(field, compiler) else { return nil }
        self.line = line
        let parts = (query + headers).reduce(into: line.template.parts) { $0.formUnion($1.value.parts) }
        self.parts = parts.union(body.parts).union(credentials?.parts ?? [])
    }

    /// `download.request`, whose headers and credentials are those of all downloads.
    init?(ofDownload section: Section, _ compiler: FilterCompiler) {
        guard let field = section["request"], let line = RequestLine(field, compiler) else { return nil }
        self.line = line
        query = Self.parameters(section["query"], compiler)
        headers = []
        body = RequestBody(section, compiler)
        answer = .auto
        credentials = nil
        parts = query.reduce(into: line.template.parts.union(body.parts)) { $0.formUnion($1.value.parts) }
    }

    /// A request that consists of a line only.
    init(_ line: RequestLine, redirects: RedirectRule) {
        self.line = line
        self.redirects = redirects
        query = []
        headers = []
        body = .none
        answer = .auto
        credentials = nil
        parts = line.template.parts
    }

    static func parameters(_ field: Field?, _ compiler: FilterCompiler) -> [Parameter] {
        guard let field else { return [] }
        guard let section = Section(field) else {
            field.problem("\(field.kind) where a mapping is expected", fix: "write NAME: VALUE")
            return []
        }
        return section.fields.flatMap { entry in
            entry.value.elements.compactMap { element in compiler.requestText(element).map { Parameter(name: entry.key, value: $0) } }
        }
    }

    /// Whether a filter of the request names one of the paths.
    func names(_ paths: [String]) -> Bool {
        filters.contains { filter in paths.contains { !PathHeads.occurrences(of: $0, in: filter).isEmpty } }
    }

    private var filters: [String] {
        ([line.template] + (query + headers).map(\.value) + body.templates).flatMap(\.pieces).compactMap { piece in
            if case .filter(let filter, _) = piece { filter.program.filter } else { nil }
        }
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
            for value in try parameter.value.texts(context, sources) {
                url += separator + PercentEncoding.encoded(parameter.name) + "=" + PercentEncoding.encoded(value)
                separator = "&"
            }
        }
        return url
    }
}
