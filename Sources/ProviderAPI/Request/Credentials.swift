import Encoding
import ExportCore
import Foundation
import HTTPClient
import JQ

/// How requests authenticate to the provider.
enum Credentials {
    case none
    case bearer(Template)
    case basic(username: Template, password: Template)
    case headers([RequestTemplate.Parameter])
    /// Appended to the query of the URL.
    case query([RequestTemplate.Parameter])
    /// What its `send` says, with `.session` in the context.
    case session(SessionPlan)
    /// Headers that depend on the whole request.
    case aws(AWSPlan)
    /// One of several, see `ProviderClient.token`.
    case tokens(TokenPool)

    var parts: ContextParts {
        switch self {
        case .none: []
        case .bearer(let token): token.parts
        case .basic(let username, let password): username.parts.union(password.parts)
        case .headers(let parameters), .query(let parameters): parameters.reduce(into: []) { $0.formUnion($1.value.parts) }
        case .session(let session): session.send.parts
        case .aws(let plan): plan.parts
        case .tokens(let pool): pool.tokens.reduce(into: []) { $0.formUnion($1.parts) }
        }
    }

    /// The names of the headers, in lower case.
    var names: Set<String> {
        switch self {
        case .none, .query: []
        case .bearer, .basic: ["authorization"]
        case .headers(let headers): Set(headers.map { $0.name.lowercased() })
        case .session(let session): session.send.names
        case .aws: AWSPlan.names
        case .tokens(let pool): pool.tokens.reduce(into: []) { $0.formUnion($1.names) }
        }
    }

    /// - Throws: `missing-value` if a filter gives null or no output.
    func headers(_ context: JQValue) throws(Failure) -> [(name: String, value: String)] {
        switch self {
        case .none, .query, .aws, .tokens: return []
        case .bearer(let token): return [("Authorization", "Bearer \(try Self.text(token, context))")]
        case .basic(let username, let password):
            // RFC 7617, section 2.
            let pair = "\(try Self.text(username, context)):\(try Self.text(password, context))"
            return [("Authorization", "Basic \(Data(pair.utf8).base64EncodedString())")]
        case .headers(let headers):
            var fields: [(name: String, value: String)] = []
            for header in headers { fields.append((header.name, try Self.text(header.value, context))) }
            return fields
        case .session(let session): return try session.send.headers(context)
        }
    }

    /// The URL with the parameters that authenticate.
    /// - Throws: as `headers`.
    func signed(_ url: String, _ context: JQValue) throws(Failure) -> String {
        if case .session(let session) = self { return try session.send.signed(url, context) }
        guard case .query(let parameters) = self else { return url }
        // A link may repeat them, with an old value.
        let parts = unsigned(url).split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
        var signed = String(parts[0])
        for parameter in parameters {
            let value = PercentEncoding.encoded(try Self.text(parameter.value, context))
            signed += (signed.contains("?") ? "&" : "?") + PercentEncoding.encoded(parameter.name) + "=" + value
        }
        return parts.count > 1 ? signed + "#" + parts[1] : signed
    }

    /// Whether the complete request must be known. Few are of this kind.
    var isSignature: Bool { if case .aws = self { true } else { false } }

    /// The complete request with its signature, if there is one.
    /// - Parameter now: seconds since 1970.
    /// - Throws: as `headers`.
    func signed(_ request: HTTPRequest, _ context: JQValue, now: Int64) throws(Failure) -> HTTPRequest {
        guard case .aws(let plan) = self else { return request }
        return try plan.signed(request, context, now: now)
    }

    /// The URL without those parameters: what is stored or shown.
    func unsigned(_ url: String) -> String {
        if case .session(let session) = self { return session.send.unsigned(url) }
        if case .tokens(let pool) = self { return pool.tokens.reduce(url) { $1.unsigned($0) } }
        guard case .query(let parameters) = self, let start = url.firstIndex(of: "?") else { return url }
        let names = Set(parameters.map { PercentEncoding.encoded($0.name) })
        let parts = url[url.index(after: start)...].split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
        let query = parts[0].split(separator: "&").filter { !names.contains(String($0.prefix { $0 != "=" })) }
        return String(url[..<start]) + (query.isEmpty ? "" : "?" + query.joined(separator: "&")) + (parts.count > 1 ? "#" + parts[1] : "")
    }

    private static func text(_ template: Template, _ context: JQValue) throws(Failure) -> String {
        guard let text = try template.text(context) else {
            throw Failure(.permanent, code: "missing-value", message: "\(template.field): gives no output")
        }
        return text
    }
}

extension Credentials {
    private static let schemes = ["bearer", "basic", "header", "query", "aws"]
    private static let signIns = ["oauth2", "session", "tokens"]
    private static let certificates = ["mTLS", "mtls", "tls"]

    init(_ field: Field?, _ compiler: FilterCompiler) {
        self = field.flatMap { Self.read($0, Self.schemes + Self.signIns, compiler) } ?? .none
    }

    /// Reads the `auth` of one request: credentials as at the top level, or `false` for none.
    init(ofRequest field: Field, _ compiler: FilterCompiler) {
        field.report.log?.note(field.path, .words(["false"]))
        if field.node.scalar?.string == "false" { self = .none } else { self = Self.read(field, Self.schemes, compiler) ?? .none }
    }

    /// Reads the `send` of a session.
    init(ofSession field: Field, _ compiler: FilterCompiler) { self = Self.read(field, Self.schemes, compiler) ?? .none }

    private static func read(_ field: Field, _ schemes: [String], _ compiler: FilterCompiler) -> Credentials? {
        let fix = "write \(schemes.joined(separator: ", ")), such as { bearer: \"{{ .secrets.TOKEN }}\" }"
        guard let section = Section(field) else {
            field.problem("\(field.kind) where a mapping is expected", fix: fix)
            return nil
        }
        for entry in section.fields where certificates.contains(entry.key) {
            let fix = "write tls: { certificate: FILE, key: FILE } at the top level"
            entry.value.report.add(entry.keyMark, entry.value.path, "a client certificate is set apart from auth", fix: fix)
        }
        section.reportUnknown(schemes, besides: certificates)
        let used = section.fields.filter { schemes.contains($0.key) }
        if used.count > 1 { used[1].value.problem("only one authentication method is allowed", fix: "remove one") }
        guard let entry = used.first else {
            if section.fields.isEmpty { field.problem("no authentication method", fix: fix) }
            return nil
        }
        return switch entry.key {
        case "bearer": compiler.requestText(entry.value).map { .bearer($0) }
        case "basic": basic(entry.value, compiler)
        case "oauth2": SessionPlan.oauth2(entry.value, compiler).map { .session($0) }
        case "session": SessionPlan.session(entry.value, compiler).map { .session($0) }
        case "tokens": TokenPool(entry.value) { read($0, Self.schemes, compiler) }.map { .tokens($0) }
        case "aws": AWSPlan(entry.value, compiler).map { .aws($0) }
        case "query": .query(RequestTemplate.parameters(entry.value, compiler))
        default: .headers(HeaderFields.read(entry.value, compiler))
        }
    }

    private static func basic(_ field: Field, _ compiler: FilterCompiler) -> Credentials? {
        guard let section = field.section(["username", "password"]) else { return nil }
        let fix = "write { username: NAME, password: \"{{ .secrets.PASSWORD }}\" }"
        let username = section.required("username", fix: fix).flatMap { compiler.requestText($0) }
        let password = section.required("password", fix: fix).flatMap { compiler.requestText($0) }
        guard let username, let password else { return nil }
        return .basic(username: username, password: password)
    }
}
