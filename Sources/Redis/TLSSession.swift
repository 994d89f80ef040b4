#if canImport(CHiredisTLS)
    import CHiredis
    import CHiredisTLS

    /// The TLS session of one connection. hiredis owns the OpenSSL object and frees it with its context.
    struct TLSSession {
        static let isSupported = true

        private let session: OpaquePointer  // SSL *

        /// Performs the handshake on a blocking context, within its timeout.
        ///
        /// Does not use `redisInitiateSSLWithContext`, which accepts any certificate of a trusted authority, whatever host it
        /// names.
        static func start(
            _ context: UnsafeMutablePointer<redisContext>, with host: String, _ tls: TLSContext
        ) throws(TLSFailure) -> TLSSession {
            let session = try tls.session(with: host)
            ERR_clear_error()
            guard shim_tls_start(context, session) == REDIS_OK else {
                // hiredis takes ownership only on success.
                defer { SSL_free(session) }
                throw failure(of: session, context)
            }
            return TLSSession(session: session)
        }

        private static func failure(of session: OpaquePointer, _ context: UnsafeMutablePointer<redisContext>) -> TLSFailure {
            let verdict = SSL_get_verify_result(session)
            if verdict != Int(X509_V_OK) {
                return TLSFailure(.tls, "untrusted server certificate: \(String(cString: X509_verify_cert_error_string(verdict)))")
            }
            if let error { return TLSFailure(.tls, "TLS handshake: \(error)") }
            // In this case hiredis reports "(null)".
            if ERR_peek_error() == 0, shim_tls_is_waiting(session) != 0 {
                return TLSFailure(.unreachable, "no reply to the TLS handshake in time; check that this port speaks TLS")
            }
            return TLSFailure(.unreachable, String(cString: shim_redis_error(context)))
        }

        /// Whether OpenSSL buffers bytes that are read from the socket and that polling does not report.
        var holdsInput: Bool { SSL_pending(session) > 0 }

        /// OpenSSL reads the outcome of a call from the thread's error queue (SSL_get_error(3)), and hiredis does not clear it
        /// first: errors that libcurl or librabbitmq left there would close this connection.
        static func forgetErrors() { ERR_clear_error() }

        /// OpenSSL's error since `forgetErrors`; `nil` if the socket failed or was closed.
        static var error: String? {
            let code = ERR_peek_last_error()
            guard code != 0, shim_tls_is_end(code) == 0, let reason = ERR_reason_error_string(code) else { return nil }
            return String(cString: reason)
        }
    }
#endif
