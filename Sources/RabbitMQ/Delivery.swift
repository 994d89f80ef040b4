/// A queue to consume from.
public struct Subscription: Sendable, Equatable {
    public var queue: String
    /// How many deliveries may be unacknowledged at once; this bounds the consumer's memory. At least 1.
    public var prefetch: UInt16

    public init(queue: String, prefetch: UInt16) {
        self.queue = queue
        self.prefetch = max(1, prefetch)
    }
}

/// Identifies a delivery for its acknowledgement. It is valid only on the channel that delivered it: after a reconnect the broker
/// delivers the message again, and an acknowledgement with the old tag is ignored.
public struct DeliveryTag: Sendable, Hashable {
    /// Position of the subscription.
    let index: UInt16
    /// Counts the channel's openings; never repeats in a consumer's lifetime.
    let generation: UInt32
    let number: UInt64
}

/// A delivered message.
public struct Delivery: Sendable {
    public var queue: String
    public var exchange: String
    public var routingKey: String
    public var body: [UInt8]
    public var properties: MessageProperties
    /// Whether the message was delivered before, to this consumer or another.
    public var isRedelivered: Bool
    public var tag: DeliveryTag
    /// The size of the whole body in bytes; `body` holds fewer if `isTruncated`.
    public var bodySize: UInt64
    /// The body was larger than `RabbitMQConfiguration.maxDeliveryBytes`.
    public var isTruncated: Bool { UInt64(body.count) < bodySize }
}
