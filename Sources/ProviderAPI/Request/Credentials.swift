import ExportCore
import Foundation
import JQ

/// How requests authenticate to the provider.
enum Credentials {
    case none
    case bearer(Template)
    case basic(username: Template, password: Template)
    case headers([RequestTemplate.Parameter])

    var parts: ContextParts {
        switch self {
        case .none: []
        case .bearer(let token): token.parts
        case .basic(let username, let password): username.parts.union(password.parts)
        case .headers(let headers): headers.reduce(into: []) { $0.formUnion($1.value.parts) }
        }
    }

    /// The names of the headers, in lower case.
    var names: Set<String> {
        switch self {
        case .none: []
        case .bearer, .basic: ["authorization"]
        case .headers(let headers): Set(headers.map { $0.name.lowercased() })
        }
    }

    /// - Throws: `missing-value` if a filter gives null or no output.
    func headers(_ context: JQValue) throws(Failure) -> [(name: String, value: String)] {
        switch self {
        case .none: return []
        case .bearer(let token): return [("Authorization", "Bearer \(try Self.text(token, context))")]
        case .basic(let username, let password):
            // RFC 7617, section 2.
            let pair = "\(try Self.text(username, context)):\(try Self.text(password, context))"
            return [("Authorization", "Basic \(Data(pair.utf8).base64EncodedString())")]
        case .headers(let headers):
            var fields: [(name: String, value: String)] = []
            for header in headers { fields.append((header.name, try Self.text(header.value, context))) }
            return fields
        }
    }

    private static func text(_ template: Template, _ context: JQValue) throws(Failure) -> String {
        guard let text = try template.text(context) else {
            throw Failure(.permanent, code: "missing-value", message: "\(template.field): gives no output")
        }
        return text
    }
}

extension Credentials {
    private static let schemes = ["bearer", "basic", "header"]
    private static let later = ["oauth2", "aws-sigv4", "mTLS", "mtls"]

    init(_ field: Field?, _ compiler: FilterCompiler) {
        self = field.flatMap { Self.read($0, compiler) } ?? .none
    }

    private static func read(_ field: Field, _ compiler: FilterCompiler) -> Credentials? {
        let fix = "write bearer, basic or header, such as { bearer: \"{{ .secrets.TOKEN }}\" }"
        guard let section = Section(field) else {
            field.problem("\(field.kind) where a mapping is expected", fix: fix)
            return nil
        }
        for entry in section.fields where later.contains(entry.key) {
            entry.value.report.add(entry.keyMark, entry.value.path, "not supported yet", fix: fix)
        }
        section.reportUnknown(schemes + later)
        let used = section.fields.filter { schemes.contains($0.key) }
        if used.count > 1 { used[1].value.problem("only one authentication method is allowed", fix: "remove one") }
        guard let entry = used.first else {
            if section.fields.isEmpty { field.problem("no authentication method", fix: fix) }
            return nil
        }
        return switch entry.key {
        case "bearer": compiler.requestText(entry.value).map { .bearer($0) }
        case "basic": basic(entry.value, compiler)
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
