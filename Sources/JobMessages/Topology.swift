import ExportCore
import RabbitMQ

/// The queues and exchanges that Longhaul needs, as `longhaul setup` declares them. Safe to declare again.
///
/// | name | kind | why |
/// |---|---|---|
/// | `longhaul.jobs.{high,normal,low}` | quorum | one queue a priority: priorities within a quorum queue differ between broker versions |
/// | `longhaul.checks` | durable classic, bounded | wakes are transient hints; when it is full the broker refuses, which is back-pressure |
/// | `longhaul.downloads.{high,normal,low}` | quorum | one message a file |
/// | `longhaul.jobs.dead`, `longhaul.downloads.dead` | quorum | what nobody could handle, and what failed for good |
/// | `longhaul.events` | topic exchange | transitions, for whoever wants to know |
public enum Topology {
    /// Deliveries of a message after which the broker dead-letters it; brokers before 4.0 have no default.
    public static let deliveryLimit: Int64 = 20
    /// The same for the dead-letter queues, where looking at a letter is a delivery too: a number that nobody reaches. RabbitMQ 4 drops
    /// what was delivered 20 times from a queue that sets no limit of its own; -1 means none there, but 3.10 takes it for a limit and
    /// drops a letter at the first look. Without a limit what was looked at also goes behind the others, with one it goes back to its
    /// place (rabbitmq.com/docs/quorum-queues, "Poison message handling" and "Repeated requeues").
    public static let deadDeliveryLimit: Int64 = 1_000_000
    /// Messages in `longhaul.checks`, each of up to 50 wakes.
    public static let checksLimit: Int64 = 4000

    public static var queues: [QueueDeclaration] {
        let dead = [QueueNames.deadJobs, QueueNames.deadDownloads].map {
            QueueDeclaration($0, type: .quorum, arguments: ["x-delivery-limit": .integer(deadDeliveryLimit)])
        }
        let jobs = QueueNames.allJobs.map { work($0, dead: QueueNames.deadJobs) }
        let downloads = QueueNames.allDownloads.map { work($0, dead: QueueNames.deadDownloads) }
        let checks = QueueDeclaration(
            QueueNames.checks, type: .classic,
            arguments: ["x-max-length": .integer(checksLimit), "x-overflow": "reject-publish"])
        return dead + jobs + downloads + [checks]
    }

    public static let exchanges = [ExchangeDeclaration(QueueNames.events, type: .topic)]

    public static func declare(with administrator: Administrator) async throws(RabbitMQError) {
        for exchange in exchanges { try await administrator.declare(exchange) }
        for queue in queues { try await administrator.declare(queue) }
    }

    /// At-least-once dead-lettering needs `reject-publish` (RabbitMQ documentation, "Quorum Queues", dead lettering).
    private static func work(_ name: String, dead: String) -> QueueDeclaration {
        QueueDeclaration(
            name, type: .quorum,
            arguments: [
                "x-delivery-limit": .integer(deliveryLimit), "x-dead-letter-exchange": "", "x-dead-letter-routing-key": .string(dead),
                "x-dead-letter-strategy": "at-least-once", "x-overflow": "reject-publish",
            ])
    }
}
