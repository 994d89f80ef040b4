import CRabbitMQ
import DequeModule

/// What a `basic.deliver` says of a message, before its content follows.
struct DeliveredMessage {
    var number: UInt64
    var exchange: String
    var routingKey: String
    var isRedelivered: Bool
}

/// One subscription and its channel: closed → opening → consuming, and back to closed when the broker closes it.
///
/// Touched on the consumer's thread only.
final class ConsumerChannel {
    enum Phase { case closed, opening, consuming, cancelling, cancelled }

    let subscription: Subscription
    let index: UInt16
    /// The number of the channel; 0 is the connection itself.
    var number: amqp_channel_t { index + 1 }
    var consumerTag: String { "longhaul-\(index)" }

    var phase = Phase.closed
    /// Of the channel that is open; a tag of another one is stale.
    var generation: UInt32 = 0
    var ledger = AcknowledgementLedger()
    /// Settlements on their way to the socket.
    var unsent: Deque<Settlement> = []
    /// Received and not pulled yet; bounded by the prefetch.
    var deliveries: Deque<Delivery> = []
    var incoming = IncomingContent<DeliveredMessage>()
    var attempt = 0
    /// Names of the last delivery, for the next one to share.
    var lastExchange = ""
    var lastRoutingKey = ""

    init(_ subscription: Subscription, index: UInt16) {
        self.subscription = subscription
        self.index = index
    }

    /// Forgets what belonged to the channel that is gone: the broker delivers the unsettled again.
    func reset(to phase: Phase) {
        self.phase = phase
        ledger = AcknowledgementLedger()
        unsent.removeAll()
        deliveries.removeAll()
        incoming = IncomingContent()
    }

    func settle() { ledger.flush { unsent.append($0) } }
}
