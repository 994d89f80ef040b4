import CRabbitMQ
import EventThread
import Glibc
import Logging

/// Declares and inspects queues and exchanges. Each call blocks a dedicated thread for one round trip, on a connection that is kept
/// between calls. Use it for setup, health checks and queue depths, not for message traffic.
public actor Administrator {
    private let configuration: RabbitMQConfiguration
    private let logger: Logger
    /// Kept between calls; concurrent calls open their own.
    private var idle: ConnectionTransfer?

    public init(_ configuration: RabbitMQConfiguration, logger: Logger) {
        var configuration = configuration
        // Nothing reads an idle connection, so nothing would respond to its heartbeats.
        configuration.heartbeat = .zero
        self.configuration = configuration
        self.logger = logger
    }

    /// Closes the kept connection. A later call opens a new one.
    public func shutdown() async {
        guard let transfer = idle else { return }
        idle = nil
        await close(transfer)
    }

    /// Keeps one connection and closes those that concurrent calls opened.
    private func keep(_ transfer: ConnectionTransfer) async {
        let surplus = idle
        idle = transfer
        if let surplus { await close(surplus) }
    }

    private func close(_ transfer: ConnectionTransfer) async {
        do {
            try await Pthread.run("rabbitmq-admin") {
                _ = amqp_connection_close(transfer.connection.state, AMQP_REPLY_SUCCESS)
            }
        } catch {
            logger.debug("cannot close an administrator connection cleanly", metadata: ["error": "\(error)"])
        }
    }

    /// Runs `body` with a connection and an open channel 1 on a thread that may block. A kept connection that turns out to be dead
    /// is replaced once: every administrator call can safely run twice.
    func call<Value: Sendable>(
        _ attempted: String, _ body: @escaping @Sendable (AMQPConnection) throws(RabbitMQError) -> Value
    ) async throws(RabbitMQError) -> Value {
        let kept = idle
        idle = nil
        if let kept {
            do throws(RabbitMQError) {
                return try await run(attempted, on: kept, body)
            } catch {
                guard error.kind == .connectionLost else { throw error }
            }
        }
        return try await run(attempted, on: nil, body)
    }

    private func run<Value: Sendable>(
        _ attempted: String, on kept: ConnectionTransfer?, _ body: @escaping @Sendable (AMQPConnection) throws(RabbitMQError) -> Value
    ) async throws(RabbitMQError) -> Value {
        let configuration = configuration
        let result: (Result<Value, RabbitMQError>, ConnectionTransfer?)
        do {
            result = try await Pthread.run("rabbitmq-admin") {
                do throws(RabbitMQError) {
                    let name = "\(configuration.connectionName) administrator"
                    let transfer = if let kept { kept } else { try AMQPConnection.open(configuration, name: name) }
                    return Self.once(attempted, transfer, configuration.callTimeout, body)
                } catch { return (.failure(error), nil) }
            }
        } catch {
            throw RabbitMQError(.unreachable, attempted: attempted, cause: "\(error)")
        }
        if let connection = result.1 { await keep(connection) }
        return try result.0.get()
    }

    /// - Returns: the result, and the connection if it can be reused.
    private static func once<Value: Sendable>(
        _ attempted: String, _ transfer: ConnectionTransfer, _ timeout: Duration,
        _ body: (AMQPConnection) throws(RabbitMQError) -> Value
    ) -> (Result<Value, RabbitMQError>, ConnectionTransfer?) {
        let connection = transfer.connection
        var timeout = timeval(timeout)
        amqp_set_rpc_timeout(connection.state, &timeout)
        do throws(RabbitMQError) {
            amqp_channel_open(connection.state, 1)
            try connection.checkLast(attempted)
            let value = try body(connection)
            let reply = amqp_channel_close(connection.state, 1, AMQP_REPLY_SUCCESS)
            amqp_maybe_release_buffers(connection.state)
            return (.success(value), reply.reply_type == AMQP_RESPONSE_NORMAL ? transfer : nil)
        } catch {
            // If the broker closed only the channel, the connection is still usable.
            let isChannelClosed = amqp_get_rpc_reply(connection.state).reply.id == shim_channel_close
            var closeOk = amqp_channel_close_ok_t()
            let isUsable =
                isChannelClosed
                && amqp_send_method(connection.state, 1, shim_channel_close_ok, &closeOk) == AMQP_STATUS_OK.rawValue
            amqp_maybe_release_buffers(connection.state)
            return (.failure(error), isUsable ? transfer : nil)
        }
    }
}

extension AMQPConnection {
    /// Checks the result of the blocking call just made.
    func checkLast(_ attempted: String) throws(RabbitMQError) {
        try Self.check(amqp_get_rpc_reply(state), attempted: attempted, endpoint: endpoint)
    }
}
