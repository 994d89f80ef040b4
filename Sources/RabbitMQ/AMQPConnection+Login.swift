import CRabbitMQ
import Glibc

/// Transfers a new connection from the thread that opened it to the actor that will own it.
///
/// Unchecked: the opening thread releases its only reference before the receiver takes it.
struct ConnectionTransfer: @unchecked Sendable {
    let connection: AMQPConnection
}

extension AMQPConnection {
    /// Connects and logs in, trying the endpoints in random order. Blocks, so call it on a `Pthread`. Each endpoint gets
    /// `connectTimeout` to connect and the same again to log in. The system's resolver sets the time limit for name resolution.
    static func open(_ configuration: RabbitMQConfiguration, name: String) throws(RabbitMQError) -> ConnectionTransfer {
        var failure = RabbitMQError(.invalidConfiguration, attempted: "connecting to RabbitMQ", cause: "the URL names no host")
        for endpoint in configuration.endpoints.shuffled() {
            do {
                return ConnectionTransfer(connection: try open(endpoint, configuration, name: name))
            } catch {
                // Of several failures, report one that an operator must fix.
                if failure.isRetriable || !error.isRetriable || failure.kind == .invalidConfiguration { failure = error }
            }
        }
        throw failure
    }

    private static func open(
        _ endpoint: RabbitMQConfiguration.Endpoint, _ configuration: RabbitMQConfiguration, name: String
    ) throws(RabbitMQError) -> AMQPConnection {
        let place = configuration.name(of: endpoint)
        guard let state = amqp_new_connection() else {
            throw RabbitMQError(.unreachable, attempted: "connecting to RabbitMQ", endpoint: place, cause: "out of memory")
        }
        do {
            try openSocket(state, endpoint, configuration, place)
            try login(state, configuration, name, place)
        } catch {
            amqp_destroy_connection(state)
            throw error
        }
        return try AMQPConnection(state: state, endpoint: place)
    }

    private static func openSocket(
        _ state: amqp_connection_state_t, _ endpoint: RabbitMQConfiguration.Endpoint, _ configuration: RabbitMQConfiguration,
        _ place: String
    ) throws(RabbitMQError) {
        let socket = try configuration.tls.map { (tls) throws(RabbitMQError) in try tls.socket(state, place) } ?? amqp_tcp_socket_new(state)
        guard let socket else {
            throw RabbitMQError(.unreachable, attempted: "connecting to RabbitMQ", endpoint: place, cause: "cannot create a socket")
        }
        var timeout = timeval(configuration.connectTimeout)
        let status = amqp_socket_open_noblock(socket, endpoint.host, Int32(endpoint.port), &timeout)
        guard status != AMQP_STATUS_OK.rawValue else { return }
        let isTLS = status <= AMQP_STATUS_SSL_ERROR.rawValue
        throw RabbitMQError(
            isTLS ? .tls : .unreachable, attempted: "connecting to RabbitMQ", endpoint: place, cause: text(of: status))
    }

    private static func login(
        _ state: amqp_connection_state_t, _ configuration: RabbitMQConfiguration, _ name: String, _ place: String
    ) throws(RabbitMQError) {
        var timeout = timeval(configuration.connectTimeout)
        amqp_set_handshake_timeout(state, &timeout)
        amqp_set_rpc_timeout(state, &timeout)
        let arena = Arena()
        // RabbitMQ's capabilities for clients: rabbitmq.com/docs/connections#capabilities.
        var properties = arena.table([
            "product": "longhaul", "connection_name": .string(name),
            "capabilities": [
                "connection.blocked": true, "consumer_cancel_notify": true, "publisher_confirms": true, "basic.nack": true,
                "authentication_failure_close": true,
            ],
        ])
        let reply = shim_login_plain(
            state, configuration.virtualHost, 0, 131_072, Int32(clamping: configuration.heartbeat.components.seconds), &properties,
            configuration.user, configuration.password)
        try check(reply, attempted: "logging in to RabbitMQ as '\(configuration.user)'", endpoint: place, unanswered: .unreachable)
    }

    /// Throws an error if the reply of a blocking call is one.
    static func check(
        _ reply: amqp_rpc_reply_t, attempted: String, endpoint: String, unanswered kind: RabbitMQError.Kind = .connectionLost
    ) throws(RabbitMQError) {
        switch reply.reply_type {
        case AMQP_RESPONSE_NORMAL: return
        case AMQP_RESPONSE_SERVER_EXCEPTION:
            // `channel.close` and `connection.close` have the same fields.
            guard let close = reply.reply.decoded?.assumingMemoryBound(to: amqp_channel_close_t.self).pointee else { break }
            throw .closed(code: Int(close.reply_code), text: String(close.reply_text), attempted: attempted, endpoint: endpoint)
        case AMQP_RESPONSE_LIBRARY_EXCEPTION:
            let isTimeout = reply.library_error == AMQP_STATUS_TIMEOUT.rawValue
            throw RabbitMQError(
                isTimeout && kind != .unreachable ? .timedOut : kind, attempted: attempted, endpoint: endpoint,
                cause: text(of: reply.library_error))
        default: break
        }
        throw RabbitMQError(kind, attempted: attempted, endpoint: endpoint, cause: "the broker did not reply")
    }
}

extension timeval {
    init(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        self.init(tv_sec: Int(seconds), tv_usec: Int(attoseconds / 1_000_000_000_000))
    }
}
