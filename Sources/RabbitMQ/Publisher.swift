import CRabbitMQ
import DequeModule
import EventThread
import Logging

/// Publishes with confirms, over its own connection: a broker alarm blocks connections that publish, and acknowledgements must
/// still get through.
///
/// Delivery is at least once: messages that are unconfirmed when a connection closes are sent again on the next one, until their
/// deadline. The configuration bounds the queue (`publishWindow`, `publishBacklog`).
///
/// Metrics: `longhaul_rabbitmq_{published,confirmed,nacked,returned}_total` count messages (published counts every send),
/// `longhaul_rabbitmq_reconnects_total{connection="publisher"}` reconnects.
public actor Publisher: ConnectionOwner {
    public nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    nonisolated let thread: EventThread
    let session: Session
    let metrics = PublisherMetrics()
    let channel: amqp_channel_t = 1

    var batches: [UInt64: PublishBatch] = [:]
    var lastBatch: UInt64 = 0
    /// Not yet sent on the current channel, in sending order.
    var backlog: Deque<PublishBatch.Item> = []
    var backlogWeight = 0
    /// Sent on the current channel and unconfirmed.
    var window = ConfirmWindow<PublishBatch.Item>()
    /// The message that is partly sent.
    var sending: Sending?
    var returning = IncomingContent<ReturnedMessage>()
    /// Whether `confirm.select-ok` has arrived.
    var isChannelOpen = false
    var lastOpening = 0
    /// The channel opening whose reply is pending.
    var awaitedOpening: Int?
    var channelAttempt = 0
    var deadlineTimer: TimerHandle?
    var nextDeadline: ContinuousClock.Instant?
    var tally = PublisherMetrics.Tally()
    /// The caller of `shutdown` that waits until everything is settled.
    var drained: CheckedContinuation<Void, Never>?

    public init(_ configuration: RabbitMQConfiguration, on thread: EventThread, logger: Logger) {
        self.thread = thread
        session = Session(configuration, role: "publisher", logger: logger)
    }

    /// Makes the first connection: one attempt at each host. Afterwards the publisher reconnects by itself.
    /// - Throws: `RabbitMQError`. A wrong password is not retriable. An unreachable broker is: `connect` may be called again.
    public func connect() async throws(RabbitMQError) { try await establish() }

    /// Whether a broker alarm (memory, disk) blocks publishing. Callers wait meanwhile, until their deadline.
    public var isBlocked: Bool { session.isBlocked }

    /// Whether messages can be sent now.
    public var isConnected: Bool { isChannelOpen }

    /// The number of messages that wait to be sent.
    public var waiting: Int { backlog.count }
}
