#if canImport(CHiredisTLS)
    import CHiredisTLS

    /// The trusted authorities and the client certificate for a handshake. Created for each connection, so that renewed files take
    /// effect.
    final class TLSContext {
        private let context: OpaquePointer  // SSL_CTX *

        /// - Throws: a `TLSFailure` that names the file.
        init(_ configuration: RedisConfiguration.TLS) throws(TLSFailure) {
            guard let context = SSL_CTX_new(TLS_client_method()) else { throw TLSFailure(.tls, "OpenSSL cannot create a context") }
            self.context = context
            guard shim_tls_require_1_2(context) == 1 else { throw TLSFailure(.tls, "OpenSSL does not support TLS 1.2") }
            SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nil)
            // Without renegotiation a read never waits for a write, nor a write for a read.
            shim_tls_refuse_renegotiation(context)
            // Otherwise OpenSSL asks for a passphrase at the terminal.
            SSL_CTX_set_default_passwd_cb(context) { _, _, _, _ in 0 }
            try trust(configuration.authorityFile)
            try identify(configuration.certificateFile, configuration.keyFile)
        }

        deinit { SSL_CTX_free(context) }

        private func trust(_ authorityFile: String?) throws(TLSFailure) {
            guard let authorityFile else {
                SSL_CTX_set_default_verify_paths(context)
                return
            }
            guard SSL_CTX_load_verify_locations(context, authorityFile, nil) == 1 else {
                throw TLSFailure(.tls, "cannot read certificates from \(authorityFile)")
            }
        }

        private func identify(_ certificateFile: String?, _ keyFile: String?) throws(TLSFailure) {
            guard certificateFile != nil || keyFile != nil else { return }
            guard let certificateFile, let keyFile else { throw TLSFailure(.tls, "a client certificate and its key must both be set") }
            guard SSL_CTX_use_certificate_chain_file(context, certificateFile) == 1 else {
                throw TLSFailure(.tls, "cannot read a certificate from \(certificateFile)")
            }
            guard SSL_CTX_use_PrivateKey_file(context, keyFile, SSL_FILETYPE_PEM) == 1, SSL_CTX_check_private_key(context) == 1 else {
                throw TLSFailure(.tls, "\(keyFile) has no key for \(certificateFile) that is readable without a passphrase")
            }
        }

        /// A session for a handshake with a server whose certificate must match `host`. The caller frees it.
        func session(with host: String) throws(TLSFailure) -> OpaquePointer {
            guard let session = SSL_new(context) else { throw TLSFailure(.tls, "OpenSSL cannot create a session") }
            // Certificates do not contain the zone of an address such as fe80::1%eth0.
            let host = String(host.prefix { $0 != "%" })
            SSL_set_hostflags(session, UInt32(X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS))
            // An IP address is verified as such, and must not be sent as a server name (RFC 6066, section 3).
            let isAddress = X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(session), host) == 1
            guard isAddress || SSL_set1_host(session, host) == 1 && shim_tls_set_server_name(session, host) == 1 else {
                SSL_free(session)
                throw TLSFailure(.tls, "\(host) is not a valid host name for a certificate")
            }
            return session
        }
    }
#endif
