#if canImport(CHiredisTLS)
    import CHiredisTLS

    /// Whom OpenSSL trusts in a handshake, and what it shows of itself. Made for each connection, so that renewed files are taken up.
    final class TLSContext {
        private let context: OpaquePointer  // SSL_CTX *

        /// - Throws: a `TLSFailure` that names the file.
        init(_ configuration: RedisConfiguration.TLS) throws(TLSFailure) {
            guard let context = SSL_CTX_new(TLS_client_method()) else { throw TLSFailure(.tls, "OpenSSL gave no context") }
            self.context = context
            guard shim_tls_require_1_2(context) == 1 else { throw TLSFailure(.tls, "OpenSSL does not know TLS 1.2") }
            SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nil)
            // Without renegotiation no read has to wait for room to write, and no write for something to read.
            shim_tls_refuse_renegotiation(context)
            // It would ask at the terminal for a pass phrase.
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
                throw TLSFailure(.tls, "no certificates can be read from \(authorityFile)")
            }
        }

        private func identify(_ certificateFile: String?, _ keyFile: String?) throws(TLSFailure) {
            guard certificateFile != nil || keyFile != nil else { return }
            guard let certificateFile, let keyFile else { throw TLSFailure(.tls, "a client certificate and its key need each other") }
            guard SSL_CTX_use_certificate_chain_file(context, certificateFile) == 1 else {
                throw TLSFailure(.tls, "no certificate can be read from \(certificateFile)")
            }
            guard SSL_CTX_use_PrivateKey_file(context, keyFile, SSL_FILETYPE_PEM) == 1, SSL_CTX_check_private_key(context) == 1 else {
                throw TLSFailure(.tls, "\(keyFile) holds no key of \(certificateFile) that can be read without a pass phrase")
            }
        }

        /// A handshake to be, with a server whose certificate must name `host`. The caller frees it.
        func session(with host: String) throws(TLSFailure) -> OpaquePointer {
            guard let session = SSL_new(context) else { throw TLSFailure(.tls, "OpenSSL gave no session") }
            // No certificate names the zone of an address such as fe80::1%eth0.
            let host = String(host.prefix { $0 != "%" })
            SSL_set_hostflags(session, UInt32(X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS))
            // An address is checked as such, and is no server name (RFC 6066, section 3).
            let isAddress = X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(session), host) == 1
            guard isAddress || SSL_set1_host(session, host) == 1 && shim_tls_set_server_name(session, host) == 1 else {
                SSL_free(session)
                throw TLSFailure(.tls, "\(host) is no name that a certificate can have")
            }
            return session
        }
    }
#endif
