#if canImport(CHiredisTLS)
    import CHiredis
    import CHiredisTLS

    /// The TLS of one connection. hiredis owns OpenSSL's side of it, and frees it with its context.
    struct TLSSession {
        static let isSupported = true

        private let session: OpaquePointer  // SSL *

        /// Shakes hands on a context that blocks, within its timeout.
        ///
        /// Not by `redisInitiateSSLWithContext`, which is content with any certificate of a trusted authority, whatever host it names.
        static func start(
            _ context: UnsafeMutablePointer<redisContext>, with host: String, _ tls: TLSContext
        ) throws(TLSFailure) -> TLSSession {
            let session = try tls.session(with: host)
            ERR_clear_error()
            guard shim_tls_start(context, session) == REDIS_OK else {
                // hiredis takes it over with success alone.
                defer { SSL_free(session) }
                throw failure(of: session, context)
            }
            return TLSSession(session: session)
        }

        private static func failure(of session: OpaquePointer, _ context: UnsafeMutablePointer<redisContext>) -> TLSFailure {
            let verdict = SSL_get_verify_result(session)
            if verdict != Int(X509_V_OK) {
                return TLSFailure(.tls, "the server's certificate is refused: \(String(cString: X509_verify_cert_error_string(verdict)))")
            }
            if let error { return TLSFailure(.tls, "TLS handshake: \(error)") }
            // hiredis says "(null)" then.
            if ERR_peek_error() == 0, shim_tls_is_waiting(session) != 0 {
                return TLSFailure(.unreachable, "no answer to the TLS handshake in time; does the server speak TLS at this port?")
            }
            return TLSFailure(.unreachable, String(cString: shim_redis_error(context)))
        }

        /// Bytes that are read from the socket and wait inside OpenSSL: of them no poll tells.
        var holdsInput: Bool { SSL_pending(session) > 0 }

        /// OpenSSL looks for the outcome of a call in a list of errors of the thread (SSL_get_error(3)), and hiredis does not empty it
        /// first: what libcurl or librabbitmq have left there would end this connection.
        static func forgetErrors() { ERR_clear_error() }

        /// What OpenSSL has found wrong since `forgetErrors`; `nil` where it was the socket, or its end.
        static var error: String? {
            let code = ERR_peek_last_error()
            guard code != 0, shim_tls_is_end(code) == 0, let reason = ERR_reason_error_string(code) else { return nil }
            return String(cString: reason)
        }
    }
#endif
