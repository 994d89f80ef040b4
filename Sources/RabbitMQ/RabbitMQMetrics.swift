import Instruments
import Metrics

/// What publishers and consumers measure.
public enum RabbitMQMetrics: Instrumented {
    static let published = CounterInstrument("longhaul_rabbitmq_published_total", help: "Messages sent to the broker.")
    static let confirmed = CounterInstrument("longhaul_rabbitmq_confirmed_total", help: "Messages that the broker confirmed.")
    static let nacked = CounterInstrument("longhaul_rabbitmq_nacked_total", help: "Messages that the broker refused.")
    static let returned = CounterInstrument(
        "longhaul_rabbitmq_returned_total",
        help: "Messages that the broker returned, because no queue is bound for them. Events that nobody asked for are among them.")
    static let delivered = CounterInstrument("longhaul_rabbitmq_delivered_total", help: "Messages received from the broker.")
    static let acknowledged = CounterInstrument("longhaul_rabbitmq_acknowledged_total", help: "Deliveries acknowledged.")
    static let rejected = CounterInstrument("longhaul_rabbitmq_rejected_total", help: "Deliveries rejected.")
    static let stale = CounterInstrument(
        "longhaul_rabbitmq_stale_settlements_total", help: "Settlements that came too late, for a delivery of an older channel.")
    static let reconnects = CounterInstrument(
        "longhaul_rabbitmq_reconnects_total", "connection", help: "Connections to the broker established after a lost one.")
    /// A second is the resolution of an AMQP timestamp.
    static let wait = TimerInstrument(
        "longhaul_message_wait_seconds", "queue",
        help: "How long a message was in its queue until its first delivery was taken, in whole seconds; of messages with a timestamp.",
        bounds: [1, 2, 5, 10, 30, 60, 300, 900, 1800, 3600, 7200, 14400, 43200])

    public static var instruments: [Instrument] {
        [published, confirmed, nacked, returned, delivered, acknowledged, rejected, stale, reconnects].map(\.instrument) + [wait.instrument]
    }
}

/// Created once; messages are tallied and counted in batches.
struct PublisherMetrics {
    let published = RabbitMQMetrics.published()
    let confirmed = RabbitMQMetrics.confirmed()
    let nacked = RabbitMQMetrics.nacked()
    let returned = RabbitMQMetrics.returned()

    struct Tally {
        var published = 0
        private var confirmed = 0
        private var nacked = 0
        private var returned = 0

        mutating func count(_ outcome: PublishOutcome) {
            switch outcome {
            case .confirmed: confirmed += 1
            case .nacked: nacked += 1
            case .returned: returned += 1
            }
        }

        mutating func publish(to metrics: PublisherMetrics) {
            if published > 0 { metrics.published.increment(by: published) }
            if confirmed > 0 { metrics.confirmed.increment(by: confirmed) }
            if nacked > 0 { metrics.nacked.increment(by: nacked) }
            if returned > 0 { metrics.returned.increment(by: returned) }
            self = Tally()
        }
    }
}

struct ConsumerMetrics {
    let delivered = RabbitMQMetrics.delivered()
    let acknowledged = RabbitMQMetrics.acknowledged()
    let rejected = RabbitMQMetrics.rejected()
    let stale = RabbitMQMetrics.stale()
}
