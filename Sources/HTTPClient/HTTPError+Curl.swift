import CCurl

extension HTTPError.Kind {
    /// The meaning of a libcurl result (libcurl-errors(3)), before or after the response has begun.
    init(_ code: CURLcode, responseBegan: Bool) {
        switch code {
        case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY:
            self = .dns
        case CURLE_COULDNT_CONNECT, CURLE_INTERFACE_FAILED, CURLE_NO_CONNECTION_AVAILABLE, CURLE_PROXY:
            self = .connect
        case CURLE_OPERATION_TIMEDOUT:
            // Of libcurl's own timeouts, only the connect timeout is used.
            self = .timeout(.connect)
        case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CERTPROBLEM, CURLE_SSL_CACERT_BADFILE, CURLE_SSL_ISSUER_ERROR,
            CURLE_SSL_CRL_BADFILE, CURLE_SSL_INVALIDCERTSTATUS, CURLE_SSL_PINNEDPUBKEYNOTMATCH, CURLE_SSL_CLIENTCERT:
            self = .certificate
        case CURLE_SSL_CONNECT_ERROR, CURLE_USE_SSL_FAILED, CURLE_SSL_SHUTDOWN_FAILED:
            self = .tls
        case CURLE_PARTIAL_FILE, CURLE_RECV_ERROR, CURLE_BAD_CONTENT_ENCODING:
            self = responseBegan ? .truncated : .connectionLost
        case CURLE_SEND_ERROR, CURLE_SEND_FAIL_REWIND, CURLE_GOT_NOTHING:
            self = .connectionLost
        case CURLE_URL_MALFORMAT:
            self = .invalidRequest
        case CURLE_UNSUPPORTED_PROTOCOL, CURLE_WEIRD_SERVER_REPLY, CURLE_HTTP2, CURLE_HTTP2_STREAM:
            self = .protocolViolation
        case CURLE_TOO_MANY_REDIRECTS:
            self = .redirect
        default:
            self = .other
        }
    }
}
