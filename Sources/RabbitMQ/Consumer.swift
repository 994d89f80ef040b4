import CRabbitMQ
import EventThread
import Logging

/// Consumes from queues over its own connection, with one channel for each subscription.
///
/// Callers pull deliveries; the prefetch bounds those not pulled yet. When the connection or a channel closes, or the broker
/// cancels the consumer because its queue is gone, the consumer subscribes again with backoff. Unpulled deliveries of the old
/// channel are dropped, acknowledgements for it are ignored, and the broker delivers those messages again.
///
/// Metrics: `longhaul_rabbitmq_{delivered,acknowledged,rejected,stale_settlements}_total` count messages,
/// `longhaul_rabbitmq_reconnects_total{connection="consumer"}` reconnects, and `longhaul_message_wait_seconds{queue}` measures how long messages
/// waited.
public actor Consumer: ConnectionOwner {
    public nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    nonisolated let thread: EventThread
    let session: Session
    let metrics = ConsumerMetrics()
    let channels: [ConsumerChannel]
    var lastGeneration: UInt32 = 0

    /// Callers that wait for deliveries, in order of arrival.
    var waiters: [Waiter] = []
    var lastWaiter: UInt64 = 0
    /// The position at which the next pull from any queue starts.
    var turn = 0
    /// `stopIntake` was called.
    var isIntakeStopped = false
    /// Callers of `stopIntake` that wait for the broker's replies.
    var intakeStopped: [CheckedContinuation<Void, Never>] = []
    /// The caller of `shutdown` that waits until the last acknowledgements are sent.
    var flushed: CheckedContinuation<Void, Never>?

    public init(
        _ configuration: RabbitMQConfiguration, subscriptions: [Subscription], on thread: EventThread, logger: Logger
    ) {
        self.thread = thread
        session = Session(configuration, role: "consumer", logger: logger)
        channels = subscriptions.enumerated().map { ConsumerChannel($1, index: UInt16($0)) }
    }

    /// Makes the first connection, with one attempt at each host, and subscribes to every queue. Afterwards the consumer
    /// reconnects by itself.
    /// - Throws: `RabbitMQError`; `notFound` if a queue does not exist.
    public func connect() async throws(RabbitMQError) { try await establish() }

    /// Whether every subscription is currently consuming.
    public var isConnected: Bool { channels.allSatisfy { $0.phase == .consuming } }

    /// The number of deliveries, pulled or not, that are not settled.
    public var unsettled: Int { channels.reduce(0) { $0 + $1.ledger.outstanding } }
}
