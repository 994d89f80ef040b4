/// A request and its limits. It is complete: the client adds only framing and `User-Agent`.
public struct HTTPRequest: Sendable {
    public var method: HTTPMethod
    /// An absolute, percent-encoded `http` or `https` URL. It is sent unchanged, including dot segments and double slashes.
    public var url: String
    /// Headers in sending order. The client sets `Content-Length` and `Transfer-Encoding` from `body`.
    public var headers: [(name: String, value: String)]
    public var body: HTTPRequestBody
    public var timeouts: HTTPTimeouts
    public var redirects: HTTPRedirects
    /// The longest accepted response body in bytes; a longer one fails with `HTTPError.Kind.tooLarge`. If `nil`, `send` uses
    /// `HTTPClientConfiguration.maxBodyBytes` and `stream` has no limit.
    public var maxBodyBytes: Int?
    /// The addresses that the request may connect to; `nil` uses `HTTPClientConfiguration.egress`.
    public var egress: EgressPolicy?
    /// Offers gzip, deflate, brotli and zstd and decodes the response; `maxBodyBytes` limits the decoded body. Only for `send`: a
    /// stream is passed on undecoded.
    public var acceptsCompression: Bool
    /// `nil` uses `HTTPClientConfiguration.clientCertificate`. Never presented to another origin after a redirect.
    public var clientCertificate: ClientCertificate?
    /// `nil` uses `HTTPClientConfiguration.proxy`.
    public var proxy: ProxyRules?
    /// Names of headers with credentials, in addition to those `HTTPRedirects` knows; they are never sent to another origin.
    public var sensitiveHeaders: [String]
    /// The span that it belongs to; `nil`: that of its task.
    public var trace: RequestTrace?

    public init(
        _ method: HTTPMethod = .get, _ url: String, headers: [(name: String, value: String)] = [], body: HTTPRequestBody = .none,
        timeouts: HTTPTimeouts = HTTPTimeouts(), redirects: HTTPRedirects = .refuse, maxBodyBytes: Int? = nil,
        egress: EgressPolicy? = nil, acceptsCompression: Bool = false, clientCertificate: ClientCertificate? = nil,
        proxy: ProxyRules? = nil, sensitiveHeaders: [String] = []
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.timeouts = timeouts
        self.redirects = redirects
        self.maxBodyBytes = maxBodyBytes
        self.egress = egress
        self.acceptsCompression = acceptsCompression
        self.clientCertificate = clientCertificate
        self.proxy = proxy
        self.sensitiveHeaders = sensitiveHeaders
    }

    /// Whether sending the request twice has the same effect as sending it once: an idempotent method (RFC 9110, section 9.2.2) or
    /// an `Idempotency-Key`. libcurl resends such a request if a kept connection is dead.
    public var isReplayable: Bool {
        if case .stream = body { return false }
        return method.isIdempotent || headers.contains { $0.name.equalsIgnoringCase("idempotency-key") }
    }
}

/// A request method (RFC 9110, section 9): case-sensitive.
public struct HTTPMethod: RawRepresentable, Hashable, Sendable, ExpressibleByStringLiteral {
    public let rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }
    public init(stringLiteral value: String) { self.rawValue = value }

    public static let get: HTTPMethod = "GET"
    public static let head: HTTPMethod = "HEAD"
    public static let post: HTTPMethod = "POST"
    public static let put: HTTPMethod = "PUT"
    public static let patch: HTTPMethod = "PATCH"
    public static let delete: HTTPMethod = "DELETE"
    public static let options: HTTPMethod = "OPTIONS"

    /// RFC 9110, section 9.2.2.
    public var isIdempotent: Bool { self != .post && self != .patch }
}

public enum HTTPRequestBody: Sendable {
    case none
    case bytes([UInt8])
    /// Pulled chunk by chunk as the connection accepts it, until `nil`. Without a length it is sent chunked. It cannot be sent
    /// twice: a redirect that requires that, or a dead kept connection, is an error.
    case stream(length: Int64?, next: @Sendable () async throws -> [UInt8]?)
}

public enum HTTPRedirects: Sendable, Hashable {
    /// A 3xx response is returned as it is.
    case refuse
    /// Follows 301, 302, 303, 307 and 308 up to `max` times, never from https to http. Another scheme, host or port never receives
    /// `Authorization`, `Cookie`, headers whose names suggest keys, tokens or secrets, `sensitiveHeaders`, a client certificate or
    /// a body.
    case follow(max: Int)
    /// Follows 307 and 308 only, which repeat the request unchanged, and only within its origin. Another redirect is returned as it is.
    case followKeepingMethod(max: Int)

    func follows(_ status: Int) -> Bool {
        switch self {
        case .refuse: false
        case .follow: [301, 302, 303, 307, 308].contains(status)
        case .followKeepingMethod: status == 307 || status == 308
        }
    }
}

/// The timeouts of one transfer. None expires early; each expires at most about 50 ms late.
public struct HTTPTimeouts: Sendable, Hashable {
    /// From the request to a free connection slot of its host.
    public var queue: Duration
    /// Name resolution, TCP and TLS.
    public var connect: Duration
    /// From the end of sending the request to the first byte of the response.
    public var firstByte: Duration
    /// The time without a byte in either direction while this side is ready for one.
    public var stall: Duration
    /// The whole transfer, including the wait for a slot and redirects. If `nil`, `send` uses
    /// `HTTPClientConfiguration.wholeTimeout` and a stream is limited only by `stall`.
    public var whole: Duration?

    public init(
        queue: Duration = .seconds(30), connect: Duration = .seconds(10), firstByte: Duration = .seconds(30),
        stall: Duration = .seconds(30), whole: Duration? = nil
    ) {
        self.queue = queue
        self.connect = connect
        self.firstByte = firstByte
        self.stall = stall
        self.whole = whole
    }
}

/// PEM files that identify the client (mutual TLS).
public struct ClientCertificate: Sendable, Hashable {
    public var certificateFile: String
    public var keyFile: String
    public var keyPassword: String?

    public init(certificateFile: String, keyFile: String, keyPassword: String? = nil) {
        self.certificateFile = certificateFile
        self.keyFile = keyFile
        self.keyPassword = keyPassword
    }
}
