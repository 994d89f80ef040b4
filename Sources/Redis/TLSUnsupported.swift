#if !canImport(CHiredisTLS)
    import CHiredis

    /// For builds whose hiredis has no TLS: it refuses to be made, and says why.
    struct TLSContext {
        init(_ configuration: RedisConfiguration.TLS) throws(TLSFailure) { throw TLSFailure(.tls, RedisConfiguration.noTLSReason) }
    }

    /// Never created, because there is no `TLSContext`.
    struct TLSSession {
        static let isSupported = false

        static func start(
            _ context: UnsafeMutablePointer<redisContext>, with host: String, _ tls: TLSContext
        ) throws(TLSFailure) -> TLSSession {
            TLSSession()
        }

        var holdsInput: Bool { false }
        static func forgetErrors() {}
        static var error: String? { nil }
    }
#endif
