import EventThread
import Logging
import Metrics

/// What `ConnectionOwner` keeps of a connection's life: idle → connecting → open → waiting → connecting …, and at last closed.
final class Session {
    enum Phase { case idle, connecting, open, waiting, closing, closed }

    let configuration: RabbitMQConfiguration
    /// `publisher` or `consumer`: the label of the metrics, and part of the connection's name.
    let role: String
    var logger: Logger
    let reconnects: Counter

    var phase = Phase.idle
    var connection: Connection?
    /// The broker has an alarm and reads no more from connections that publish.
    var isBlocked = false
    /// Connected once, so that a lost connection is to be replaced.
    var isEstablished = false
    var attempt = 0
    var openedAt = ContinuousClock.now
    /// How many connections there were: tells a timer whether its connection still stands.
    var opened = 0

    var isFlushScheduled = false
    var awaitsWritability = false
    var heartbeatTimer: TimerHandle?
    var retryTimer: TimerHandle?

    /// Waits in `connect` until the channels are open.
    var ready: CheckedContinuation<Result<Void, RabbitMQError>, Never>?
    /// Waits in `shutdown` until the connection is closed.
    var closed: CheckedContinuation<Void, Never>?

    init(_ configuration: RabbitMQConfiguration, role: String, logger: Logger) {
        self.configuration = configuration
        self.role = role
        self.logger = logger
        self.logger[metadataKey: "rabbitmq"] = .string(role)
        reconnects = Counter(label: "longhaul_rabbitmq_reconnects_total", dimensions: [("connection", role)])
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
