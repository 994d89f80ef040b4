import Metrics

/// What publishers and consumers measure.
///
/// | metric | kind | labels | what |
/// |---|---|---|---|
/// | `longhaul_rabbitmq_published_total` | counter | – | messages sent |
/// | `longhaul_rabbitmq_confirmed_total` | counter | – | messages that the broker confirmed |
/// | `longhaul_rabbitmq_nacked_total` | counter | – | messages that the broker refused |
/// | `longhaul_rabbitmq_returned_total` | counter | – | messages that no queue took |
/// | `longhaul_rabbitmq_delivered_total` | counter | – | messages received |
/// | `longhaul_rabbitmq_acknowledged_total` | counter | – | deliveries acknowledged |
/// | `longhaul_rabbitmq_rejected_total` | counter | – | deliveries rejected |
/// | `longhaul_rabbitmq_stale_settlements_total` | counter | – | settlements that came too late, for a delivery of an older channel |
/// | `longhaul_rabbitmq_reconnects_total` | counter | `connection` | connections established after a lost one |
public enum RabbitMQMetrics {
    /// Help texts for a metrics page.
    public static let help = [
        "longhaul_rabbitmq_published_total": "Messages sent to the broker.",
        "longhaul_rabbitmq_confirmed_total": "Messages that the broker confirmed.",
        "longhaul_rabbitmq_nacked_total": "Messages that the broker refused.",
        "longhaul_rabbitmq_returned_total": "Messages that no queue took.",
        "longhaul_rabbitmq_delivered_total": "Messages received from the broker.",
        "longhaul_rabbitmq_acknowledged_total": "Deliveries acknowledged.",
        "longhaul_rabbitmq_rejected_total": "Deliveries rejected.",
        "longhaul_rabbitmq_stale_settlements_total": "Settlements that came too late, for a delivery of an older channel.",
        "longhaul_rabbitmq_reconnects_total": "Connections to the broker established after a lost one.",
    ]
}

/// Created once; messages are tallied and counted in batches.
struct PublisherMetrics {
    let published = Counter(label: "longhaul_rabbitmq_published_total")
    let confirmed = Counter(label: "longhaul_rabbitmq_confirmed_total")
    let nacked = Counter(label: "longhaul_rabbitmq_nacked_total")
    let returned = Counter(label: "longhaul_rabbitmq_returned_total")

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
    let delivered = Counter(label: "longhaul_rabbitmq_delivered_total")
    let acknowledged = Counter(label: "longhaul_rabbitmq_acknowledged_total")
    let rejected = Counter(label: "longhaul_rabbitmq_rejected_total")
    let stale = Counter(label: "longhaul_rabbitmq_stale_settlements_total")
}
