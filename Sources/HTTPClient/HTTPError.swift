/// Why there is no (whole) response. An error status is none: it arrives as an `HTTPResponse`.
public struct HTTPError: Error, Sendable, CustomStringConvertible {
    public enum Kind: Sendable, Hashable {
        /// The request cannot be sent as it is: a URL that is not http or https, a line break in a header, …
        case invalidRequest
        /// The host's name was not resolved.
        case dns
        /// No connection came about.
        case connect
        /// The handshake failed for another reason than the certificate.
        case tls
        /// The server's certificate is not to be trusted, or this side's own cannot be used.
        case certificate
        /// The egress policy forbids the address.
        case refusedAddress
        case timeout(Wait)
        /// The connection broke before the response began.
        case connectionLost
        /// The body broke off.
        case truncated
        /// Body or headers exceed their bound.
        case tooLarge
        /// What came is not HTTP.
        case protocolViolation
        /// A redirect may not or cannot be followed.
        case redirect
        /// The provider of a streamed body failed, or gave another length than was announced.
        case uploadSource
        /// Too many requests wait already.
        case overloaded
        case cancelled
        /// The client is shut down.
        case shutDown
        /// libcurl failed in another way.
        case other
    }

    /// Which bound of `HTTPTimeouts` ran out.
    public enum Wait: String, Sendable, Hashable { case queue, connect, firstByte, stall, whole }

    public let kind: Kind
    public let method: HTTPMethod
    /// Without userinfo, query and fragment.
    public let url: String
    /// Where it came from, in libcurl's words when it has some.
    public let cause: String
    /// Whether the server may have begun to act on the request.
    public let mayHaveRun: Bool

    /// Whether the same request can succeed later. Sending it again doubles its effect when `mayHaveRun` and it is not
    /// idempotent; that is the caller's to weigh.
    public var isRetriable: Bool {
        switch kind {
        case .dns, .connect, .tls, .timeout, .connectionLost, .truncated, .overloaded: true
        case .invalidRequest, .certificate, .refusedAddress, .tooLarge, .protocolViolation, .redirect, .uploadSource, .cancelled,
            .shutDown, .other:
            false
        }
    }

    public var description: String { "\(method.rawValue) \(url): \(kind.label) (\(cause))" }

    init(_ kind: Kind, _ request: HTTPRequest, cause: String, mayHaveRun: Bool = false) {
        self.kind = kind
        self.method = request.method
        self.url = RequestURL.redacted(request.url)
        self.cause = cause
        self.mayHaveRun = mayHaveRun
    }
}

extension HTTPError.Kind {
    /// In kebab-case, as metrics and error codes show it: `connect`, `timeout-first-byte`, …
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
        case .other: "other"
        }
    }
}
