import ExportCore
import HTTPClient
import JQ

/// A provider's response in the form that filters read.
struct ProviderResponse {
    let method: HTTPMethod
    /// The URL of the request.
    let requestURL: String
    /// The URL that answered, after redirects.
    let url: String
    let status: Int
    let headers: HTTPHeaders
    /// The body as it arrived.
    let bytes: [UInt8]
    /// The body if it was parsed as JSON; empty otherwise. Its integers stay exact; digits in other forms are text.
    private(set) var json: [UInt8]
    /// The parsed body, or its text if it cannot be parsed; null if it is empty.
    private(set) var body: JQValue
    /// Why the body is not parsed although its type or the provider file says how. It may be a proxy's page: whoever reads it decides.
    let problem: BodyProblem?
    /// The token that it was asked with, if the provider has several.
    var token: UsedToken?
    /// The account that it was asked for; `nil` if it saw no credentials, or before there is one.
    var account: Account?

    init(_ response: HTTPResponse, to request: HTTPRequest, as form: AnswerForm = .auto, credentials: Credentials = .none) {
        self.init(response, method: request.method, url: request.url, as: form, credentials: credentials)
    }

    /// - Parameters:
    ///   - url: the URL of the request.
    ///   - credentials: of the request; their parameters are removed from the URLs.
    init(_ response: HTTPResponse, method: HTTPMethod, url: String, as form: AnswerForm = .auto, credentials: Credentials = .none) {
        self.method = method
        requestURL = credentials.unsigned(url)
        // A redirect to another host may have a parameter of that name for itself.
        let isOwn = response.url.isEmpty || response.url == url
        self.url =
            isOwn ? requestURL : WebURL.origin(response.url) == WebURL.origin(url) ? credentials.unsigned(response.url) : response.url
        status = response.status
        headers = response.headers
        bytes = response.body
        (body, problem) = form.read(response)
        json = form.isJSON && body.kind != .string ? bytes : []
    }

    /// An item of the answer in the place of the body.
    func item(_ value: JQValue) -> ProviderResponse {
        var item = self
        item.body = value
        return item
    }

    var isSuccess: Bool { (200...299).contains(status) }

    /// Header names are in lower case; repeated fields are joined by a comma (RFC 9110, section 5.3). References are absolute.
    var headerValue: JQValue {
        var values: [String: String] = [:]
        for field in headers.fields {
            let name = field.name.lowercased()
            values[name] = values[name].map { "\($0), \(field.value)" } ?? field.value
        }
        for name in ["location", "content-location"] {
            if let reference = values[name] { values[name] = WebURL.resolved(reference, against: url) }
        }
        if let links = values["link"] { values["link"] = LinkField.resolved(links, against: url) }
        return JQValue(object: values.map { ($0.key, JQValue($0.value)) })
    }

    /// Where a redirect leads.
    var redirectTarget: String? {
        guard (300...399).contains(status), let location = headers["location"] else { return nil }
        return WebURL.resolved(location, against: url)
    }
}
