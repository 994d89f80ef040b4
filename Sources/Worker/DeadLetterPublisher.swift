import JobMessages
import Logging
import RabbitMQ
import Telemetry

/// Puts away download messages that nobody can handle, with the reason.
struct DeadLetterPublisher: Sendable {
    let publisher: Publisher
    let metrics: WorkerMetrics
    let repeated: RateLimitedLog

    /// Confirmed in the dead-letter queue first, then acknowledged: never lost, at worst doubled. A letter that is not taken goes back to its
    /// queue, whose delivery limit bounds how often.
    func bury(_ letter: DeadLetter, from consumer: Consumer) async {
        do {
            let outcome = try await publisher.publish(letter.outgoing(to: QueueNames.deadDownloads))
            if outcome == .confirmed {
                metrics.deadLetters.increment()
                repeated.warning(
                    key: letter.error.code, "download message dead-lettered: \(letter.error.message)",
                    metadata: ["reason": "\(letter.error.code)", "queue": "\(letter.delivery.queue)"])
                // Of a huge body we hold only the beginning; the broker moves the whole one.
                guard letter.delivery.isTruncated else { return await consumer.acknowledge([letter.delivery.tag]) }
                return await consumer.reject([letter.delivery.tag], requeue: false)
            }
            repeated.error(key: "refused", "a dead letter was not taken by \(QueueNames.deadDownloads): \(outcome)")
        } catch {
            repeated.error(key: "failed", "a dead letter was not published: \(error)")
        }
        await consumer.reject([letter.delivery.tag], requeue: true)
    }
}
