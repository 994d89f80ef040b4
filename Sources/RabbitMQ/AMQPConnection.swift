import CRabbitMQ
import Glibc

/// One logged-in AMQP connection: librabbitmq's state, the socket, and what is known about the peer. It closes with its last
/// reference.
///
/// Created on a thread that may block (`AMQPConnection.open`), then owned by one actor: librabbitmq must be used by one thread at a
/// time.
final class AMQPConnection {
    let state: amqp_connection_state_t
    /// `host:port/vhost`.
    let endpoint: String
    let descriptor: Int32
    /// The largest frame that both sides accept, in bytes.
    let frameMax: Int
    /// As negotiated; zero means off.
    let heartbeat: Duration
    let serverProperties: [String: AMQPValue]
    let arena = Arena()

    var lastSent = ContinuousClock.now
    var lastReceived = ContinuousClock.now
    /// Bytes that may be sent before the socket's writability is checked again.
    var sendBudget = 0
    /// The number of bytes that a writable socket always accepts; also the largest body fragment sent at once.
    let sendChunk: Int

    /// Takes ownership of the state after a successful login.
    init(state: amqp_connection_state_t, endpoint: String) throws(RabbitMQError) {
        self.state = state
        self.endpoint = endpoint
        descriptor = amqp_get_sockfd(state)
        frameMax = Int(amqp_get_frame_max(state))
        heartbeat = .seconds(Int(amqp_get_heartbeat(state)))
        serverProperties = amqp_get_server_properties(state).map { AMQPValue.table($0.pointee) } ?? [:]
        sendChunk = min(Self.setSendBuffer(descriptor) / 8, 32 << 10)
        // With heartbeats on, librabbitmq may send, and so block, in calls that only receive. Set to none after the login, it
        // leaves them to `ConnectionOwner+Heartbeat`. The broker is not told.
        let status = amqp_tune_connection(state, amqp_get_channel_max(state), amqp_get_frame_max(state), 0)
        guard status == AMQP_STATUS_OK.rawValue else {
            throw RabbitMQError(.connectionLost, attempted: "logging in", endpoint: endpoint, cause: Self.text(of: status))
        }
    }

    deinit { amqp_destroy_connection(state) }

    static func text(of status: Int32) -> String { String(cString: amqp_error_string2(status)) }

    func lost(_ status: Int32) -> RabbitMQError { .lost(Self.text(of: status), endpoint: endpoint) }

    /// A socket is writable when a third of its send buffer is free (`sk_stream_is_writeable` in Linux), so an eighth of the buffer
    /// never blocks. Returns the buffer's size in bytes.
    private static func setSendBuffer(_ descriptor: Int32) -> Int {
        setOption(descriptor, SOL_SOCKET, SO_SNDBUF, 512 << 10)
        var size: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        getsockopt(descriptor, SOL_SOCKET, SO_SNDBUF, &size, &length)
        return max(Int(size), 32 << 10)
    }

    static func setOption(_ descriptor: Int32, _ level: Int32, _ option: Int32, _ value: Int32) {
        var value = value
        // A system that does not know the option runs without it.
        setsockopt(descriptor, level, option, &value, socklen_t(MemoryLayout<Int32>.size))
    }
}
