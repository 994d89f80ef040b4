import Foundation
import RabbitMQ

/// A message that cannot be handled, with the reason, to be published to a dead-letter queue.
public struct DeadLetter: Sendable {
    public static let kindHeader = "x-longhaul-kind"
    public static let reasonHeader = "x-longhaul-reason"
    public static let explanationHeader = "x-longhaul-explanation"
    public static let queueHeader = "x-longhaul-queue"
    public static let exchangeHeader = "x-longhaul-exchange"
    public static let routingKeyHeader = "x-longhaul-routing-key"
    public static let providerHeader = "x-longhaul-provider"
    public static let jobHeader = "x-longhaul-job"
    public static let attemptsHeader = "x-longhaul-attempts"
    public static let firstFailureHeader = "x-longhaul-first-failure"
    public static let lastFailureHeader = "x-longhaul-last-failure"
    /// The body is only the first 64 KiB of a message too large to hold in memory. The broker dead-letters the whole message separately.
    public static let truncatedHeader = "x-longhaul-truncated"
    static let traceHeader = "traceparent"

    public var delivery: Delivery
    public var error: JobMessageError
    public var failedAt: Date

    public init(_ delivery: Delivery, _ error: JobMessageError, at failedAt: Date = Date()) {
        self.delivery = delivery
        self.error = error
        self.failedAt = failedAt
    }

    /// The number of bytes kept of a truncated body.
    private static let keptBytes = 64 * 1024

    /// The message for `queue`: the body, the sender's identifiers and the headers of a dead letter. The sender's other properties are
    /// dropped: a foreign `user_id` or a `CC` would make the broker refuse the dead letter or deliver it twice.
    public func outgoing(to queue: String) -> OutgoingMessage {
        var properties = Self.identity(of: delivery.properties)
        headers.write(to: &properties)
        guard delivery.isTruncated else { return OutgoingMessage(routingKey: queue, body: delivery.body, properties: properties) }
        properties.headers[Self.truncatedHeader] = .boolean(true)
        return OutgoingMessage(routingKey: queue, body: Array(delivery.body.prefix(Self.keptBytes)), properties: properties)
    }

    private var headers: DeadLetterHeaders {
        let subject = LetterSubject(of: delivery)
        // A redriven message keeps the time of its first failure and its count of attempts.
        let before = delivery.properties.headers
        let earlier = min(max(before[Self.attemptsHeader]?.integer ?? 0, 0), 1_000_000)
        let redeliveries = min(max(before["x-delivery-count"]?.integer ?? 0, 0), 1_000_000)
        return DeadLetterHeaders(
            kind: DeadLetterKind.message.rawValue, reason: error.code, explanation: error.message, queue: delivery.queue,
            exchange: delivery.exchange, routingKey: delivery.routingKey, provider: subject.provider, job: subject.job?.text,
            attempts: Int(earlier + redeliveries + 1),
            firstFailure: FailureTime.date(before[Self.firstFailureHeader]).map { min($0, failedAt) } ?? failedAt, lastFailure: failedAt)
    }

    /// The properties that a message always keeps: its identifiers, content type and trace.
    static func identity(of source: MessageProperties) -> MessageProperties {
        var properties = MessageProperties()
        properties.messageID = source.messageID
        properties.correlationID = source.correlationID
        properties.contentType = source.contentType
        properties.appID = source.appID
        properties.isPersistent = true
        if let trace = source.headers[traceHeader]?.text {
            properties.headers[traceHeader] = .string(PrintableText.line(trace, atMost: DeadLetterHeaders.longestText))
        }
        return properties
    }
}
