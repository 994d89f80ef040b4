import RabbitMQ

/// A message that nobody can handle, with why, on its way to a dead-letter queue.
public struct DeadLetter: Sendable {
    public static let reasonHeader = "x-longhaul-reason"
    public static let explanationHeader = "x-longhaul-explanation"
    public static let queueHeader = "x-longhaul-queue"

    public var delivery: Delivery
    public var error: JobMessageError

    public init(_ delivery: Delivery, _ error: JobMessageError) {
        self.delivery = delivery
        self.error = error
    }

    /// The message for `queue`: body and properties as they came, and the reason in headers.
    public func outgoing(to queue: String) -> OutgoingMessage {
        var properties = delivery.properties
        properties.isPersistent = true
        properties.expiration = nil
        properties.headers[Self.reasonHeader] = .string(error.code)
        properties.headers[Self.explanationHeader] = .string(error.message)
        properties.headers[Self.queueHeader] = .string(delivery.queue)
        return OutgoingMessage(routingKey: queue, body: delivery.body, properties: properties)
    }
}
