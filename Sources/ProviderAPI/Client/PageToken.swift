import ExportCore
import JQ

/// Identifies the next page of a listing. It is passed between two calls as JSON text.
enum PageToken {
    case url(String)
    case value(JQValue)

    /// Without parameters that authenticate to the origin of the provider.
    func unsigned(_ credentials: Credentials, at own: String?) -> PageToken {
        guard case .url(let url) = self, own != nil, WebURL.origin(url) == own else { return self }
        return .url(credentials.unsigned(url))
    }

    /// - Parameter integers: those of the texts that the value was read from.
    func text(_ integers: ExactIntegers) -> String {
        switch self {
        case .url(let url): JQValue(object: [("url", JQValue(url))]).json
        case .value(let value): integers.restored(JQValue(object: [("page", value)]).json)
        }
    }

    /// - Throws: `invalid-page`, permanent, if `text` was not made by this type.
    init(_ text: String) throws(Failure) {
        let token: JQValue
        do throws(JQError) { token = try JQValue(json: text) } catch {
            throw Failure(.permanent, code: "invalid-page", message: "cannot read the page token: not JSON: \(error.message)")
        }
        if let url = token["url"]?.string {
            self = .url(url)
        } else if let value = token["page"] {
            self = .value(value)
        } else {
            throw Failure(.permanent, code: "invalid-page", message: "cannot read the page token: it holds neither a URL nor a value")
        }
    }

    /// - Parameter usesPage: whether the request reads `.page`. If so, any value is a page; otherwise it must be a URL.
    /// - Throws: `unexpected-answer`, permanent.
    init?(next value: JQValue?, usesPage: Bool, answeredBy url: String, _ secrets: Secrets) throws(Failure) {
        guard let value, value.isTruthy, value.string != "" else { return nil }
        if usesPage {
            self = .value(value)
        } else if let reference = value.string, let next = WebURL.resolve(WebURL.escaped(reference), against: url) {
            self = .url(next)
        } else {
            throw Failure(
                .permanent, code: "unexpected-answer",
                message: "files.next: \(secrets.start(of: value.json, atMost: 200)) is not a URL; "
                    + "to send another value, use .page in files.request")
        }
    }
}
