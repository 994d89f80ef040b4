import TraceContext

/// The span of a request, from the call to the end of the body, redirects included: semantic conventions for HTTP client spans.
struct RequestSpan: Sendable {
    private let span: TraceSpan

    /// - Returns: `nil` if the span that it belongs to is not recorded.
    init?(_ request: HTTPRequest, _ trace: RequestTrace) {
        guard trace.parent.isSampled, let span = TraceSpan.begin(request.method.name, .client, below: trace.parent) else { return nil }
        self.span = span
        let url = RequestURL.redacted(trace.shownURL)
        span.set([
            "http.request.method": request.method == request.method.known ? request.method.rawValue : "_OTHER", "url.full": url,
            "server.address": RequestURL.host(of: url), "network.protocol.name": "http",
        ])
        if let port = RequestURL.port(of: url) { span.set([:], numbers: ["server.port": port]) }
    }

    var context: TraceContext { span.context }

    func end(status: Int, receivedBytes: Int) {
        span.set([:], numbers: ["http.response.status_code": status, "http.response.body.size": receivedBytes])
        if status >= 400 { span.fail("\(status)") }
        span.end()
    }

    func end(_ error: HTTPError) {
        span.fail(error.kind.label)
        span.end()
    }
}

extension HTTPMethod {
    private static let all: Set<HTTPMethod> = [.get, .head, .post, .put, .patch, .delete, .options, "TRACE", "CONNECT", "QUERY"]

    /// A provider file may use any word, and names of spans must be few.
    fileprivate var known: HTTPMethod? { Self.all.contains(self) ? self : nil }
    fileprivate var name: String { known?.rawValue ?? "HTTP" }
}

extension RequestURL {
    /// Of an http or https URL without userinfo, path and so on.
    private static func authority(of url: String) -> Substring {
        (url.firstRange(of: "://").map { url[$0.upperBound...] } ?? url[...]).prefix { $0 != "/" }
    }

    fileprivate static func host(of url: String) -> String {
        let authority = authority(of: url)
        guard let end = authority.lastIndex(of: ":"), Int(authority[authority.index(after: end)...]) != nil else {
            return String(authority)
        }
        return String(authority[..<end])
    }

    fileprivate static func port(of url: String) -> Int? {
        let authority = authority(of: url)
        if let colon = authority.lastIndex(of: ":"), let port = Int(authority[authority.index(after: colon)...]) { return port }
        return isSecure(url) ? 443 : 80
    }
}
