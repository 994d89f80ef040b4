import CRabbitMQ
import DequeModule
import EventThread
import Logging

/// Publishes with confirms, over a connection of its own: a broker alarm stops the connections that publish, and acknowledgements
/// shall still get through.
///
/// At least once: what is not confirmed when a connection ends is sent again on the next one, until its deadline. What waits is
/// bounded by the configuration (`publishWindow`, `publishBacklog`), and callers wait for their turn.
///
/// Metrics: `longhaul_rabbitmq_{published,confirmed,nacked,returned}_total` count messages (published counts every sending),
/// `longhaul_rabbitmq_reconnects_total{connection="publisher"}` new connections after a lost one.
public actor Publisher: ConnectionOwner {
    public nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    nonisolated let thread: EventThread
    let session: Session
    let metrics = PublisherMetrics()
    let channel: amqp_channel_t = 1

    var batches: [UInt64: PublishBatch] = [:]
    var lastBatch: UInt64 = 0
    /// Not sent on the current channel, in the order of sending.
    var backlog: Deque<PublishBatch.Item> = []
    var backlogWeight = 0
    /// Sent on the current channel and unconfirmed.
    var window = ConfirmWindow<PublishBatch.Item>()
    /// The message of which a part is sent.
    var sending: Sending?
    var returning = IncomingContent<ReturnedMessage>()
    /// `confirm.select-ok` has come.
    var isChannelOpen = false
    var lastOpening = 0
    /// The opening whose answer is to come.
    var awaitedOpening: Int?
    var channelAttempt = 0
    var deadlineTimer: TimerHandle?
    var nextDeadline: ContinuousClock.Instant?
    var tally = PublisherMetrics.Tally()
    /// Waits in `shutdown` until everything is settled.
    var drained: CheckedContinuation<Void, Never>?

    public init(_ configuration: RabbitMQConfiguration, on thread: EventThread, logger: Logger) {
        self.thread = thread
        session = Session(configuration, role: "publisher", logger: logger)
    }

    /// Makes the first connection: one attempt at each host. Afterwards the publisher reconnects by itself.
    /// - Throws: `RabbitMQError`; a wrong password is not retriable, an unreachable broker is, and then `connect` may be called again.
    public func connect() async throws(RabbitMQError) { try await establish() }

    /// Whether the broker has an alarm (memory, disk) and takes nothing for now. Publishing waits meanwhile, until its deadline.
    public var isBlocked: Bool { session.isBlocked }

    /// Whether messages can be sent just now.
    public var isConnected: Bool { isChannelOpen }

    /// How many messages wait to be sent.
    public var waiting: Int { backlog.count }
}
