import Foundation
import RabbitMQ

/// The broker's record of a message that it dead-lettered: the first entry of `x-death` (rabbitmq.com/docs/dlx, "Effects on the
/// message"), an array of tables with `reason`, `queue`, `exchange`, `routing-keys`, `count` and `time`, the latest first.
struct BrokerDeath {
    var reason: String
    var explanation: String
    var queue: String
    var exchange: String?
    var routingKey: String?
    var attempts: Int?
    var time: Date?

    /// `nil` if the broker did not dead-letter the message, or if the last time was from `deadQueue` itself.
    init?(_ headers: [String: AMQPValue], in deadQueue: String) {
        guard case .array(let deaths)? = headers["x-death"] else { return nil }
        let tables = deaths.prefix(32).compactMap { death -> [String: AMQPValue]? in
            if case .table(let table) = death { table } else { nil }
        }
        guard let death = tables.first, let queue = death["queue"]?.text, queue != deadQueue else { return nil }
        self.queue = PrintableText.line(queue, atMost: DeadLetterHeaders.longestText)
        exchange = death["exchange"]?.text.map { PrintableText.line($0, atMost: DeadLetterHeaders.longestText) }
        if case .array(let keys)? = death["routing-keys"] {
            routingKey = keys.first?.text.map { PrintableText.line($0, atMost: DeadLetterHeaders.longestText) }
        }
        time = FailureTime.date(death["time"])
        let count = min(max(death["count"]?.integer ?? 1, 1), 1_000_000)
        // The broker writes `delivery_limit`; codes are kebab-case here.
        reason = PrintableText.line(death["reason"]?.text ?? "unknown", atMost: 64).replacing("_", with: "-")
        switch reason {
        case "delivery-limit":
            attempts = Int(count * (Topology.deliveryLimit + 1))
            explanation =
                "delivered more than \(Topology.deliveryLimit) times and never acknowledged: it crashes its consumer, or the store is unreachable"
        case "rejected":
            attempts = Int(count)
            explanation = "rejected by its consumer, which could not publish a dead letter with a reason: the message is too large"
        case "expired": explanation = "expired: it was in the queue for longer than its time to live"
        case "maxlen": explanation = "dropped because the queue was full"
        default: explanation = "dead-lettered by the broker"
        }
    }
}
