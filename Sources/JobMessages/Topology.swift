import ExportCore
import RabbitMQ

/// The queues and exchanges that Longhaul needs, as `longhaul setup` declares them. Safe to declare again.
///
/// | name | kind | why |
/// |---|---|---|
/// | `longhaul.jobs.{high,normal,low}` | quorum | one queue per priority, because priorities within a quorum queue differ between broker versions |
/// | `longhaul.checks` | durable classic, bounded | transient wakes; a full queue refuses more, which is back-pressure |
/// | `longhaul.hints` | durable classic, bounded | hints; a full queue drops the oldest, since a lost one costs only time |
/// | `longhaul.downloads.{high,normal,low}` | quorum | one message per file |
/// | `longhaul.jobs.dead`, `longhaul.downloads.dead`, `longhaul.webhooks.dead` | quorum | messages that cannot be handled; jobs, files and webhook messages that failed permanently |
/// | `longhaul.events` | topic exchange | what happens to jobs, files and providers, for other programs |
public enum Topology {
    /// The number of deliveries after which the broker dead-letters a message; brokers before 4.0 have no default.
    public static let deliveryLimit: Int64 = 20
    /// The same limit for the dead-letter queues, practically unlimited, because every listing of letters delivers them. RabbitMQ 4
    /// drops a message after 20 deliveries if its queue sets no limit. -1 means no limit there, but 3.10 treats it as a limit and drops
    /// a letter on its first requeue. A requeued message returns to its position only if the queue has a limit; otherwise it goes to
    /// the end (rabbitmq.com/docs/quorum-queues, "Poison message handling" and "Repeated requeues").
    public static let deadDeliveryLimit: Int64 = 1_000_000
    /// The maximum number of messages in `longhaul.checks`; each holds up to 50 wakes.
    public static let checksLimit: Int64 = 4000
    /// The most hints that wait, and how long one is worth something, in ms.
    public static let hintsLimit: Int64 = 20_000, hintsAge: Int64 = 600_000

    public static var queues: [QueueDeclaration] {
        let dead = QueueNames.allDead.map {
            QueueDeclaration($0, type: .quorum, arguments: ["x-delivery-limit": .integer(deadDeliveryLimit)])
        }
        let jobs = QueueNames.allJobs.map { work($0, dead: QueueNames.deadJobs) }
        let downloads = QueueNames.allDownloads.map { work($0, dead: QueueNames.deadDownloads) }
        let checks = QueueDeclaration(
            QueueNames.checks, type: .classic,
            arguments: ["x-max-length": .integer(checksLimit), "x-overflow": "reject-publish"])
        let hints = QueueDeclaration(
            QueueNames.hints, type: .classic,
            arguments: ["x-max-length": .integer(hintsLimit), "x-overflow": "drop-head", "x-message-ttl": .integer(hintsAge)])
        return dead + jobs + downloads + [checks, hints]
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
