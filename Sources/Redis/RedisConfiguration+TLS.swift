import CHiredis

extension RedisConfiguration {
    /// The trusted authorities and the client certificate of a `rediss` connection. It requires TLS 1.2 or newer, and a server
    /// certificate signed by a trusted authority for the host. The files are PEM, read at each connection.
    public struct TLS: Sendable, Equatable {
        /// The trusted certificate authorities; `nil` uses the system's.
        public var authorityFile: String?
        /// The client's certificate chain and its key, which must have no passphrase.
        public var certificateFile: String?
        public var keyFile: String?
        public init() {}
    }

    /// Whether this program was built with a hiredis that supports TLS.
    public static var supportsTLS: Bool { TLSSession.isSupported }

    static var noTLSReason: String {
        "rediss:// needs hiredis 1.0 or newer built with OpenSSL; this program uses hiredis "
            + "\(HIREDIS_MAJOR).\(HIREDIS_MINOR).\(HIREDIS_PATCH) without TLS. Use redis:// on a private network or through a TLS tunnel"
    }
}

/// Why a TLS connection failed.
struct TLSFailure: Error {
    /// `tls` if an operator must fix something, `unreachable` if the network or the server may recover.
    let kind: RedisError.Kind
    let cause: String

    init(_ kind: RedisError.Kind, _ cause: String) {
        self.kind = kind
        self.cause = cause
    }
}
