/// Why there is no complete response. An error status is not an `HTTPError`: it arrives as an `HTTPResponse`.
public struct HTTPError: Error, Sendable, CustomStringConvertible {
    public enum Kind: Sendable, Hashable {
        /// The request cannot be sent: a URL that is not http or https, a line break in a header, …
        case invalidRequest
        /// The host name was not resolved.
        case dns
        /// No connection was established.
        case connect
        /// The TLS handshake failed for a reason other than the certificate.
        case tls
        /// The server's certificate is not trusted, or the client's own cannot be used.
        case certificate
        /// The egress policy forbids the address.
        case refusedAddress
        case timeout(Wait)
        /// The connection was lost before the response began.
        case connectionLost
        /// The connection was lost before the end of the body.
        case truncated
        /// Body or headers exceed their limit.
        case tooLarge
        /// The response is not valid HTTP.
        case protocolViolation
        /// A redirect is not allowed or cannot be followed.
        case redirect
        /// The source of a streamed body failed, or its length differs from the announced one.
        case uploadSource
        /// Too many requests are already waiting.
        case overloaded
        case cancelled
        /// The client is shut down.
        case shutDown
        /// A recording that answers in the place of the server has no answer.
        case notRecorded
        /// libcurl failed in another way.
        case other
    }

    /// The timeout of `HTTPTimeouts` that expired.
    public enum Wait: String, Sendable, Hashable { case queue, connect, firstByte, stall, whole }

    public let kind: Kind
    public let method: HTTPMethod
    /// The URL without userinfo, query and fragment.
    public let url: String
    /// The cause, in libcurl's words if it has any.
    public let cause: String
    /// Whether the server may have begun to act on the request.
    public let mayHaveRun: Bool

    /// Whether the same request can succeed later. If `mayHaveRun` is true and the request is not idempotent, repeating it can
    /// double its effect; the caller decides.
    public var isRetriable: Bool {
        switch kind {
        case .dns, .connect, .tls, .timeout, .connectionLost, .truncated, .overloaded: true
        case .invalidRequest, .certificate, .refusedAddress, .tooLarge, .protocolViolation, .redirect, .uploadSource, .cancelled,
            .shutDown, .notRecorded, .other:
            false
        }
    }

    public var description: String { "\(method.rawValue) \(url): \(kind.label) (\(cause))" }

    public init(_ kind: Kind, _ request: HTTPRequest, cause: String, mayHaveRun: Bool = false) {
        self.kind = kind
        self.method = request.method
        self.url = RequestURL.redacted(request.url)
        self.cause = cause
        self.mayHaveRun = mayHaveRun
    }
}

extension HTTPError.Kind {
    /// The kind in kebab-case, for metrics and error codes: `connect`, `timeout-first-byte`, …
    public var label: String {
        switch self {
        case .invalidRequest: "invalid-request"
        case .dns: "dns"
        case .connect: "connect"
        case .tls: "tls"
        case .certificate: "certificate"
        case .refusedAddress: "refused-address"
        case .timeout(.firstByte): "timeout-first-byte"
        case .timeout(let wait): "timeout-\(wait.rawValue)"
        case .connectionLost: "connection-lost"
        case .truncated: "truncated"
        case .tooLarge: "too-large"
        case .protocolViolation: "protocol-violation"
        case .redirect: "redirect"
        case .uploadSource: "upload-source"
        case .overloaded: "overloaded"
        case .cancelled: "cancelled"
        case .shutDown: "shut-down"
        case .notRecorded: "not-recorded"
        case .other: "other"
        }
    }
}
