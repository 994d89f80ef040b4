import CRabbitMQ
import Glibc

extension RabbitMQConfiguration.TLS {
    /// A TLS socket of `state` that uses the configured trust and TLS 1.2 or newer.
    func socket(_ state: amqp_connection_state_t, _ place: String) throws(RabbitMQError) -> OpaquePointer? {
        Self.skipOpenSSLInitialization
        let attempted = "preparing TLS for RabbitMQ"
        guard let socket = amqp_ssl_socket_new(state) else {
            throw RabbitMQError(.tls, attempted: attempted, endpoint: place, cause: "OpenSSL cannot create a context")
        }
        amqp_ssl_socket_set_verify_peer(socket, verifiesPeer ? 1 : 0)
        amqp_ssl_socket_set_verify_hostname(socket, verifiesPeer ? 1 : 0)
        amqp_ssl_socket_set_ssl_versions(socket, AMQP_TLSv1_2, AMQP_TLSvLATEST)
        if let file = authorityFile ?? (verifiesPeer ? Self.systemAuthorities : nil),
            amqp_ssl_socket_set_cacert(socket, file) != AMQP_STATUS_OK.rawValue
        {
            throw RabbitMQError(.tls, attempted: attempted, endpoint: place, cause: "cannot read certificates from \(file)")
        }
        if let certificateFile {
            guard let keyFile else {
                throw RabbitMQError(.invalidConfiguration, attempted: attempted, endpoint: place, cause: "certfile needs keyfile")
            }
            if amqp_ssl_socket_set_key(socket, certificateFile, keyFile) != AMQP_STATUS_OK.rawValue {
                throw RabbitMQError(
                    .tls, attempted: attempted, endpoint: place,
                    cause: "cannot use the client certificate \(certificateFile) or its key \(keyFile)")
            }
        }
        return socket
    }

    /// OpenSSL 1.1 and later initializes itself; librabbitmq's initialization and cleanup would interfere with libcurl, which
    /// shares OpenSSL with it.
    private static let skipOpenSSLInitialization: Void = amqp_set_initialize_ssl_library(0)

    /// librabbitmq 0.11 does not load the system's CA certificates. These are the paths of Debian, Fedora, Alpine and SUSE.
    private static var systemAuthorities: String? {
        let places = [
            "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem", "/etc/ssl/ca-bundle.pem",
        ]
        if let file = getenv("SSL_CERT_FILE") { return String(cString: file) }
        return places.first { access($0, R_OK) == 0 }
    }
}
