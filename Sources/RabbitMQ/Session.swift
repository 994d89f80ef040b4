import EventThread
import Logging
import Metrics

/// The connection state of a `ConnectionOwner`: idle → connecting → open → waiting → connecting …, and finally closed.
final class Session {
    enum Phase { case idle, connecting, open, waiting, closing, closed }

    let configuration: RabbitMQConfiguration
    /// `publisher` or `consumer`: the metrics label, and part of the connection's name.
    let role: String
    var logger: Logger
    let reconnects: Counter

    var phase = Phase.idle
    var connection: AMQPConnection?
    /// Whether a broker alarm is active, so that the broker does not read from connections that publish.
    var isBlocked = false
    /// Whether it was connected once, so that a lost connection is replaced.
    var isEstablished = false
    var attempt = 0
    var openedAt = ContinuousClock.now
    /// The number of connections so far: lets a timer check whether its connection is still the current one.
    var opened = 0

    var isFlushScheduled = false
    var awaitsWritability = false
    var heartbeatTimer: TimerHandle?
    var retryTimer: TimerHandle?

    /// The caller of `connect` that waits until the channels are open.
    var ready: CheckedContinuation<Result<Void, RabbitMQError>, Never>?
    /// The caller of `shutdown` that waits until the connection is closed.
    var closed: CheckedContinuation<Void, Never>?

    init(_ configuration: RabbitMQConfiguration, role: String, logger: Logger) {
        self.configuration = configuration
        self.role = role
        self.logger = logger
        self.logger[metadataKey: "rabbitmq"] = .string(role)
        reconnects = RabbitMQMetrics.reconnects(role)
    }

    var isOver: Bool { phase == .closing || phase == .closed }

    func becomeReady(_ result: Result<Void, RabbitMQError>) {
        ready?.resume(returning: result)
        ready = nil
    }

    func error(_ kind: RabbitMQError.Kind, _ attempted: String, _ cause: String) -> RabbitMQError {
        RabbitMQError(kind, attempted: attempted, endpoint: connection?.endpoint, cause: cause)
    }
}
