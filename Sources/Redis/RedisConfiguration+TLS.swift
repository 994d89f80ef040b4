import CHiredis

extension RedisConfiguration {
    /// How a `rediss` connection proves both sides: TLS 1.2 or newer, and a certificate of the server that a trusted authority has
    /// signed for the host. The files are PEM, and read at each connection.
    public struct TLS: Sendable, Equatable {
        /// The authorities that are trusted; the system's without it.
        public var authorityFile: String?
        /// The client's certificate chain and its key, which must have no pass phrase.
        public var certificateFile: String?
        public var keyFile: String?
        public init() {}
    }

    /// Whether this program was built with a hiredis that has TLS.
    public static var supportsTLS: Bool { TLSSession.isSupported }

    static var reasonAgainstTLS: String {
        "rediss:// is TLS, which needs hiredis 1.0 or newer built with OpenSSL; this program uses hiredis "
            + "\(HIREDIS_MAJOR).\(HIREDIS_MINOR).\(HIREDIS_PATCH) without TLS. Use redis:// on a private network or through a TLS tunnel"
    }
}

/// Why no TLS connection came about.
struct TLSFailure: Error {
    /// `tls` where a person must mend something, `unreachable` where the network or the server may recover.
    let kind: RedisError.Kind
    let cause: String

    init(_ kind: RedisError.Kind, _ cause: String) {
        self.kind = kind
        self.cause = cause
    }
}
