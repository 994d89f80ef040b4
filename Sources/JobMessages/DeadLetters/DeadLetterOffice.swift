import ExportCore
import RabbitMQ

/// Publishes dead letters. A letter is confirmed before its caller goes on, so that a crash leaves two letters, never none.
public struct DeadLetterOffice: Sendable {
    private let publisher: Publisher

    public init(publisher: Publisher) { self.publisher = publisher }

    /// Moves a message that nobody can handle into a dead-letter queue, and settles it at its own queue.
    ///
    /// A letter that cannot be published in this form is rejected: the broker dead-letters the message itself, without our headers.
    /// - Throws: `DeadLetterError`; the message is then still unacknowledged, and the caller decides when to try again.
    public func bury(_ letter: DeadLetter, in queue: String, from consumer: Consumer) async throws(DeadLetterError) {
        let tag = letter.delivery.tag
        do throws(DeadLetterError) {
            try await publish(letter.outgoing(to: queue))
        } catch {
            guard error.isMalformed else { throw error }
            return await consumer.reject([tag], requeue: false)
        }
        // Only the beginning of an oversized body is held here; the broker moves the whole message.
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

/// A dead-letter queue did not take a letter.
public struct DeadLetterError: Error, Sendable, CustomStringConvertible {
    public enum Cause: Sendable {
        /// The queue is missing (returned) or full (nacked).
        case refused(PublishOutcome)
        case broker(RabbitMQError)
    }

    public let queue: String
    public let cause: Cause

    /// Whether the letter itself cannot be published, now or later.
    var isMalformed: Bool {
        guard case .broker(let error) = cause else { return false }
        return !error.isRetriable && error.kind != .shutDown && error.kind != .cancelled
    }

    public var description: String {
        switch cause {
        case .refused(let outcome): "\(queue) did not take a dead letter (\(outcome)); `longhaul setup` declares the queue"
        case .broker(let error): "a dead letter for \(queue) was not published: \(error)"
        }
    }
}
