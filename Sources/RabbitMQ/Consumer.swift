import CRabbitMQ
import EventThread
import Logging

/// Consumes from queues, over a connection of its own with a channel a subscription.
///
/// Deliveries are pulled; what nobody has pulled yet is bounded by the subscription's prefetch. When the connection or a channel
/// ends, or the broker cancels the consumer because its queue went away, the consumer subscribes again with growing delays;
/// deliveries of the old channel that nobody has pulled are dropped, acknowledgements for it are ignored, and the broker delivers
/// those messages again.
///
/// Metrics: `longhaul_rabbitmq_{delivered,acknowledged,rejected,stale_settlements}_total` count messages,
/// `longhaul_rabbitmq_reconnects_total{connection="consumer"}` new connections after a lost one.
public actor Consumer: ConnectionOwner {
    public nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    nonisolated let thread: EventThread
    let session: Session
    let metrics = ConsumerMetrics()
    let channels: [ConsumerChannel]
    var lastGeneration: UInt32 = 0

    /// Who waits for deliveries, in the order of arrival.
    var waiters: [Waiter] = []
    var lastWaiter: UInt64 = 0
    /// Where the next pull from any queue begins.
    var turn = 0
    /// `stopIntake` was called.
    var isIntakeStopped = false
    /// Wait in `stopIntake` for the broker's answers.
    var intakeStopped: [CheckedContinuation<Void, Never>] = []
    /// Waits in `shutdown` until the last acknowledgements are sent.
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
    /// - Throws: `RabbitMQError`; `notFound` when a queue does not exist.
    public func connect() async throws(RabbitMQError) { try await establish() }

    /// Whether every subscription receives just now.
    public var isConnected: Bool { channels.allSatisfy { $0.phase == .consuming } }

    /// How many deliveries are pulled or waiting to be pulled, and not settled.
    public var unsettled: Int { channels.reduce(0) { $0 + $1.ledger.outstanding } }
}
