/// A queue to consume from.
public struct Subscription: Sendable, Equatable {
    public var queue: String
    /// How many deliveries may be unacknowledged at once; bounds what the consumer holds in memory. At least 1.
    public var prefetch: UInt16

    public init(queue: String, prefetch: UInt16) {
        self.queue = queue
        self.prefetch = max(1, prefetch)
    }
}

/// Names a delivery for its acknowledgement. It is good for the channel that delivered it only: the broker delivers the message
/// again after a reconnect, and an acknowledgement by the old tag is dropped.
public struct DeliveryTag: Sendable, Hashable {
    /// Position of the subscription.
    let index: UInt16
    /// Which opening of the channel; never the same twice in a consumer's life.
    let generation: UInt32
    let number: UInt64
}

/// A message as it was delivered.
public struct Delivery: Sendable {
    public var queue: String
    public var exchange: String
    public var routingKey: String
    public var body: [UInt8]
    public var properties: MessageProperties
    /// Whether it was delivered before, to this consumer or another.
    public var isRedelivered: Bool
    public var tag: DeliveryTag
    /// The size of the whole body in bytes; `body` holds less if `isTruncated`.
    public var bodySize: UInt64
    /// The body was larger than `RabbitMQConfiguration.maxDeliveryBytes`.
    public var isTruncated: Bool { UInt64(body.count) < bodySize }
}
