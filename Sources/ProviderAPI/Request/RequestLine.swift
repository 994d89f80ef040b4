import Encoding
import ExportCore
import HTTPClient
import JQ

/// `METHOD target`, where the target is a path relative to the base URL, or a URL.
struct RequestLine {
    enum Target {
        /// Appended to the base URL.
        case path(Template)
        /// A literal URL.
        case url(Template)
        /// Starts with a value: an absolute URL, or a reference that is resolved against the base URL.
        case reference(Template)
    }

    let method: HTTPMethod
    let target: Target

    var template: Template {
        switch target {
        case .path(let template), .url(let template), .reference(let template): template
        }
    }

    private static let methods = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"]
    private static let fix = "write a method and a path, such as GET /exports/{{ .export.id }}"

    init?(_ field: Field, _ compiler: FilterCompiler) {
        guard let text = field.text(fix: Self.fix) else { return nil }
        guard let space = text.firstIndex(of: " "), Self.methods.contains(String(text[..<space])) else {
            field.problem("the request does not start with a method", fix: Self.fix)
            return nil
        }
        let target = String(text[space...].drop { $0 == " " })
        let isReference = target.hasPrefix("{{")
        guard let template = compiler.template(target, field, encoding: .percent) else { return nil }
        for case .text(let literal) in template.pieces where !WebURL.hasOnlyURLCharacters(literal) || literal.contains("#") {
            field.problem("a character that is not allowed in a URL", fix: "percent-encode it, such as %20 for a space")
            return nil
        }
        method = HTTPMethod(rawValue: String(text[..<space]))
        if isReference {
            self.target = .reference(template.insertingFirstAsItIs())
        } else if target.hasPrefix("/") {
            self.target = .path(template)
        } else if WebURL.isAbsolute(target) {
            self.target = .url(template)
        } else {
            field.problem("the target is neither a path nor a URL", fix: "start with /, http://, https:// or {{")
            return nil
        }
    }

    /// - Parameter base: the base URL, without a trailing slash.
    /// - Throws: `missing-value` if a filter gives null, false or no output; `invalid-url`.
    func url(_ context: JQValue, base: String) throws(Failure) -> String {
        if case .path(let template) = target, let literal = template.literal { return base + literal }
        let text = try template.urlText(context)
        let url: String? =
            switch target {
            case .path: base + text
            case .url: text
            case .reference: WebURL.resolve(text, against: base + "/")
            }
        guard let url, WebURL.hasOnlyURLCharacters(url), WebURL.isAbsolute(url) else {
            let shown = WebURL.shown(url ?? text)
            throw Failure(.permanent, code: "invalid-url", message: "\(template.field): \(shown) is not an http or https URL")
        }
        guard !WebURL.hasDotSegments(url) else {
            throw Failure(.permanent, code: "invalid-url", message: "\(template.field): the values give a path with a . or .. segment")
        }
        return url
    }
}

extension Template {
    /// In a URL, false counts as null, and no value can be left out.
    func urlText(_ context: JQValue) throws(Failure) -> String {
        var text = ""
        for piece in pieces {
            switch piece {
            case .text(let literal): text += literal
            case .filter(let filter, let encoding):
                guard let value = try filter.first(context) else { throw missing(filter, "no output") }
                guard value.isTruthy else { throw missing(filter, value.json) }
                text += encoding == .percent ? PercentEncoding.encoded(value.text) : value.text
            }
        }
        return text
    }

    /// The URL at the start of a request line is inserted without encoding.
    func insertingFirstAsItIs() -> Template {
        guard case .filter(let filter, _)? = pieces.first else { return self }
        return Template(pieces: [.filter(filter, .none)] + pieces.dropFirst(), field: field)
    }
}
