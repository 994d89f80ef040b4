import ExportCore
import JQ

/// What leads to the next page of a listing, between two calls as a JSON text.
enum PageToken {
    case url(String)
    case value(JQValue)

    var text: String {
        switch self {
        case .url(let url): JQValue(object: [("url", JQValue(url))]).json
        case .value(let value): JQValue(object: [("page", value)]).json
        }
    }

    /// - Throws: `invalid-page`, permanent, for what `text` never made.
    init(_ text: String) throws(Failure) {
        let token: JQValue
        do throws(JQError) { token = try JQValue(json: text) } catch {
            throw Failure(.permanent, code: "invalid-page", message: "the page token is not JSON: \(error.message)")
        }
        if let url = token["url"]?.string {
            self = .url(url)
        } else if let value = token["page"] {
            self = .value(value)
        } else {
            throw Failure(.permanent, code: "invalid-page", message: "the page token holds neither a URL nor a value")
        }
    }

    /// - Parameter usesPage: whether the request names `.page`; if so any value is for it, otherwise it is a URL.
    /// - Throws: `unexpected-answer`, permanent.
    init?(next value: JQValue?, usesPage: Bool, answeredBy url: String) throws(Failure) {
        guard let value, value.isTruthy, value.string != "" else { return nil }
        if usesPage {
            self = .value(value)
        } else if let reference = value.string, let next = WebURL.resolve(WebURL.escaped(reference), against: url) {
            self = .url(next)
        } else {
            throw Failure(
                .permanent, code: "unexpected-answer",
                message: "files.next: \(value.json.prefix(200)) is no URL, and the request has no .page to hold another value")
        }
    }
}
