/// What to send, and under which bounds. The value is complete: a client adds nothing to it but framing and `User-Agent`.
public struct HTTPRequest: Sendable {
    public var method: HTTPMethod
    /// An absolute `http` or `https` URL, percent-encoded. It is sent as it is: dot segments and double slashes stay.
    public var url: String
    /// In the order of sending. `Content-Length` and `Transfer-Encoding` are the client's own, from `body`.
    public var headers: [(name: String, value: String)]
    public var body: HTTPRequestBody
    public var timeouts: HTTPTimeouts
    public var redirects: HTTPRedirects
    /// The longest body that is taken, in bytes; a longer one is `HTTPError.Kind.tooLarge`. Without one, `send` takes
    /// `HTTPClientConfiguration.maxBodyBytes` and `stream` any length.
    public var maxBodyBytes: Int?
    /// The addresses that may be connected to; without one, `HTTPClientConfiguration.egress`.
    public var egress: EgressPolicy?
    /// Offers gzip, deflate, brotli and zstd and decodes the answer; `maxBodyBytes` bounds the decoded body. Of `send` only:
    /// a stream is handed on as it was sent.
    public var acceptsCompression: Bool
    /// Without one, `HTTPClientConfiguration.clientCertificate`. Never shown to another origin that a redirect leads to.
    public var clientCertificate: ClientCertificate?
    /// Names of headers that hold credentials besides those `HTTPRedirects` knows; they never follow to another origin.
    public var sensitiveHeaders: [String]

    public init(
        _ method: HTTPMethod = .get, _ url: String, headers: [(name: String, value: String)] = [], body: HTTPRequestBody = .none,
        timeouts: HTTPTimeouts = HTTPTimeouts(), redirects: HTTPRedirects = .refuse, maxBodyBytes: Int? = nil,
        egress: EgressPolicy? = nil, acceptsCompression: Bool = false, clientCertificate: ClientCertificate? = nil,
        sensitiveHeaders: [String] = []
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
        self.sensitiveHeaders = sensitiveHeaders
    }

    /// Whether sending it twice does what sending it once does: an idempotent method (RFC 9110, section 9.2.2), or an
    /// `Idempotency-Key`. libcurl sends such a request again when a kept connection turns out to be dead.
    public var isReplayable: Bool {
        if case .stream = body { return false }
        return method.isIdempotent || headers.contains { $0.name.equalsIgnoringCase("idempotency-key") }
    }
}

/// A method as RFC 9110, section 9, has it: case-sensitive.
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
    /// Pulled chunk by chunk as the connection takes it, until `nil`. Without a length it is sent chunked. It cannot be
    /// sent a second time: a redirect that asks for that, or a dead kept connection, is an error.
    case stream(length: Int64?, next: @Sendable () async throws -> [UInt8]?)
}

public enum HTTPRedirects: Sendable, Hashable {
    /// A 3xx answer is returned as it is.
    case refuse
    /// Follows 301, 302, 303, 307 and 308 up to `max` times, never from https to http. To another scheme, host or port go
    /// neither `Authorization`, `Cookie`, headers whose names speak of keys, tokens or secrets, `sensitiveHeaders`, a client
    /// certificate nor a body.
    case follow(max: Int)
}

/// The bounds of the waits of one transfer. None fires early; each fires at most about 50 ms late.
public struct HTTPTimeouts: Sendable, Hashable {
    /// From the request to a free connection slot of its host.
    public var queue: Duration
    /// Name resolution, TCP and TLS.
    public var connect: Duration
    /// From the whole request being sent to the first byte of the response.
    public var firstByte: Duration
    /// Without a byte in either direction, while this side is ready for one.
    public var stall: Duration
    /// Everything, the wait for a slot and redirects included. Without one, `send` takes
    /// `HTTPClientConfiguration.wholeTimeout` and a stream has as long as it does not stall.
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

/// Files in PEM that identify this side (mutual TLS).
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
