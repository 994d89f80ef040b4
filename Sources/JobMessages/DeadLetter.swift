import RabbitMQ

/// A message that nobody can handle, with why, on its way to a dead-letter queue.
public struct DeadLetter: Sendable {
    public static let reasonHeader = "x-longhaul-reason"
    public static let explanationHeader = "x-longhaul-explanation"
    public static let queueHeader = "x-longhaul-queue"
    /// Says that the body is the beginning of one too large to be held; the broker dead-letters the whole one beside it.
    public static let truncatedHeader = "x-longhaul-truncated"

    public var delivery: Delivery
    public var error: JobMessageError

    public init(_ delivery: Delivery, _ error: JobMessageError) {
        self.delivery = delivery
        self.error = error
    }

    /// Bytes that are kept of a body that did not come whole.
    private static let keptBytes = 64 * 1024

    /// The message for `queue`: the body, who sent it and the reason. What else the sender set stays behind: a `user_id` that is not
    /// ours or a `CC` would make the broker refuse the dead letter, or deliver it again.
    public func outgoing(to queue: String) -> OutgoingMessage {
        var properties = MessageProperties()
        properties.messageID = delivery.properties.messageID
        properties.correlationID = delivery.properties.correlationID
        properties.contentType = delivery.properties.contentType
        properties.appID = delivery.properties.appID
        properties.isPersistent = true
        properties.headers[Self.reasonHeader] = .string(error.code)
        properties.headers[Self.explanationHeader] = .string(error.message)
        properties.headers[Self.queueHeader] = .string(delivery.queue)
        guard delivery.isTruncated else { return OutgoingMessage(routingKey: queue, body: delivery.body, properties: properties) }
        properties.headers[Self.truncatedHeader] = .boolean(true)
        return OutgoingMessage(routingKey: queue, body: Array(delivery.body.prefix(Self.keptBytes)), properties: properties)
    }
}
