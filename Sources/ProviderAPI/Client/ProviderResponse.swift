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
    /// The parsed JSON, or the text if the body is not JSON; null if the body is empty.
    let body: JQValue
    /// Why a body that declares JSON is not parsed. It may be a proxy's page, or JSON Lines: whoever reads it decides.
    let problem: String?

    init(_ response: HTTPResponse, to request: HTTPRequest) { self.init(response, method: request.method, url: request.url) }

    /// - Parameter url: the URL of the request.
    init(_ response: HTTPResponse, method: HTTPMethod, url: String) {
        self.method = method
        requestURL = url
        self.url = response.url.isEmpty ? url : response.url
        status = response.status
        headers = response.headers
        bytes = response.body
        (body, problem) = Self.read(response)
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

    private static func read(_ response: HTTPResponse) -> (body: JQValue, problem: String?) {
        let bytes = ByteOrderMark.removed(response.body)
        guard let first = bytes.first(where: { !isSpace($0) }) else { return (.null, nil) }
        let looksLikeJSON = first == UInt8(ascii: "{") || first == UInt8(ascii: "[")
        guard looksLikeJSON || MediaType(response.headers)?.isJSON == true else { return (JQValue(text: bytes), nil) }
        do throws(JQError) {
            return (try JQValue(json: bytes), nil)
        } catch {
            let isProblem = MediaType(response.headers).map { $0.isJSON && !$0.isJSONLines } ?? false
            return (JQValue(text: bytes), isProblem ? error.message : nil)
        }
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }
}
