import CRabbitMQ
import DequeModule
import Metrics

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
    /// How long messages waited in the queue.
    private let wait: Timer

    init(_ subscription: Subscription, index: UInt16) {
        self.subscription = subscription
        self.index = index
        wait = RabbitMQMetrics.wait(subscription.queue)
    }

    /// Drops the state of the lost channel: the broker delivers unsettled messages again.
    func reset(to phase: Phase) {
        self.phase = phase
        ledger = AcknowledgementLedger()
        unsent.removeAll()
        deliveries.removeAll()
        incoming = IncomingContent()
    }

    /// Hands over the oldest deliveries.
    /// - Parameter now: whole seconds since 1970.
    func take(_ limit: Int, into taken: inout [Delivery], now: UInt64) {
        let count = min(limit, deliveries.count)
        guard count > 0 else { return }
        // By their places: a copy of a delivery would retain each of its texts.
        for place in 0..<count {
            let published = deliveries[place].properties.timestamp
            guard let waited = MessageWait.seconds(since: published, isRedelivered: deliveries[place].isRedelivered, now: now) else {
                continue
            }
            wait.recordSeconds(waited)
        }
        taken.append(contentsOf: deliveries.prefix(count))
        deliveries.removeFirst(count)
    }

    func settle() { ledger.flush { unsent.append($0) } }
}
