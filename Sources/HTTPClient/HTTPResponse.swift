/// A complete response. Any status is a response: the caller decides what 503 means.
public struct HTTPResponse: Sendable {
    public let status: Int
    /// The URL that answered: after redirects, that of the last request.
    public let url: String
    public let headers: HTTPHeaders
    public let body: [UInt8]

    public init(status: Int, headers: HTTPHeaders = HTTPHeaders(), body: [UInt8] = [], url: String = "") {
        self.status = status
        self.url = url
        self.headers = headers
        self.body = body
    }
}
