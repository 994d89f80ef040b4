import ExportCore
import RabbitMQ

/// Publishes dead letters. Each letter is confirmed before the caller continues, so a crash can duplicate a letter but never lose it.
public struct DeadLetterOffice: Sendable {
    private let publisher: Publisher

    public init(publisher: Publisher) { self.publisher = publisher }

    /// Moves a message that cannot be handled to a dead-letter queue, then settles the delivery.
    ///
    /// If the broker cannot accept the letter in this form, the delivery is rejected: the broker dead-letters the original message,
    /// without Longhaul's headers.
    /// - Throws: `DeadLetterError`. The message is then still unacknowledged; the caller decides when to try again.
    public func bury(_ letter: DeadLetter, in queue: String, from consumer: Consumer) async throws(DeadLetterError) {
        let tag = letter.delivery.tag
        do throws(DeadLetterError) {
            try await publish(letter.outgoing(to: queue))
        } catch {
            guard error.isMalformed else { throw error }
            return await consumer.reject([tag], requeue: false)
        }
        // The letter holds only the first bytes of an oversized body; the broker dead-letters the whole message.
        if letter.delivery.isTruncated { return await consumer.reject([tag], requeue: false) }
        await consumer.acknowledge([tag])
    }

    /// - Parameter letter: addressed to a dead-letter queue.
    public func publish(_ letter: OutgoingMessage) async throws(DeadLetterError) {
        let outcome: PublishOutcome
        do {
            outcome = try await publisher.publish(letter)
        } catch {
            throw DeadLetterError(queue: letter.routingKey, cause: .broker(error))
        }
        guard outcome == .confirmed else { throw DeadLetterError(queue: letter.routingKey, cause: .refused(outcome)) }
    }
}

/// A dead letter was not published.
public struct DeadLetterError: Error, Sendable, CustomStringConvertible {
    public enum Cause: Sendable {
        /// The queue is missing (returned) or full (nacked).
        case refused(PublishOutcome)
        case broker(RabbitMQError)
    }

    public let queue: String
    public let cause: Cause

    /// Whether the letter can never be published in this form.
    var isMalformed: Bool {
        guard case .broker(let error) = cause else { return false }
        return !error.isRetriable && error.kind != .shutDown && error.kind != .cancelled
    }

    public var description: String {
        switch cause {
        case .refused(let outcome): "cannot publish a dead letter to \(queue): \(outcome); run `longhaul setup` to declare the queue"
        case .broker(let error): "cannot publish a dead letter to \(queue): \(error)"
        }
    }
}
