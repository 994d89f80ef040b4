import CRabbitMQ
import DequeModule

/// The fields of a `basic.deliver`, which precedes the message's content.
struct DeliveredMessage {
    var number: UInt64
    var exchange: String
    var routingKey: String
    var isRedelivered: Bool
}

/// One subscription and its channel: closed → opening → consuming, and back to closed when the broker closes it.
///
/// Used only on the consumer's thread.
final class ConsumerChannel {
    enum Phase { case closed, opening, consuming, cancelling, cancelled }

    let subscription: Subscription
    let index: UInt16
    /// The number of the channel; 0 is the connection itself.
    var number: amqp_channel_t { index + 1 }
    var consumerTag: String { "longhaul-\(index)" }

    var phase = Phase.closed
    /// The generation of the open channel; a tag of another generation is stale.
    var generation: UInt32 = 0
    var ledger = AcknowledgementLedger()
    /// Settlements not yet written to the socket.
    var unsent: Deque<Settlement> = []
    /// Received and not pulled yet; bounded by the prefetch.
    var deliveries: Deque<Delivery> = []
    var incoming = IncomingContent<DeliveredMessage>()
    var attempt = 0
    /// The names of the last delivery; the next delivery reuses them.
    var lastExchange = ""
    var lastRoutingKey = ""

    init(_ subscription: Subscription, index: UInt16) {
        self.subscription = subscription
        self.index = index
    }

    /// Drops the state of the lost channel: the broker delivers unsettled messages again.
    func reset(to phase: Phase) {
        self.phase = phase
        ledger = AcknowledgementLedger()
        unsent.removeAll()
        deliveries.removeAll()
        incoming = IncomingContent()
    }

    func settle() { ledger.flush { unsent.append($0) } }
}
