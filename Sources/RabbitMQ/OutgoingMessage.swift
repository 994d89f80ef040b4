/// A message to be published.
public struct OutgoingMessage: Sendable, Equatable {
    /// Empty: the default exchange, which routes to the queue named by the routing key.
    public var exchange: String
    public var routingKey: String
    public var body: [UInt8]
    public var properties: MessageProperties
    /// Whether the broker says so (`PublishOutcome.returned`) when no queue takes the message, instead of dropping it.
    public var isMandatory: Bool

    public init(
        exchange: String = "", routingKey: String, body: [UInt8], properties: MessageProperties = MessageProperties(),
        isMandatory: Bool = true
    ) {
        self.exchange = exchange
        self.routingKey = routingKey
        self.body = body
        self.properties = properties
        self.isMandatory = isMandatory
    }

    /// What the message counts for against the limits in bytes: the body, and a lump for the rest.
    var weight: Int { body.count + 256 }

    /// Why the message cannot be sent, if it cannot.
    func flaw(maxBytes: Int) -> String? {
        if body.count > maxBytes { return "the body has \(body.count) bytes, \(maxBytes) are allowed" }
        if exchange.utf8.count > 255 || routingKey.utf8.count > 255 { return "exchange and routing key have 255 bytes at most" }
        if properties.shortStrings.contains(where: { ($0?.utf8.count ?? 0) > 255 }) { return "a property has 255 bytes at most" }
        if !properties.headers.isEmpty {
            guard let size = AMQPValue.wireBound(of: properties.headers) else {
                return "a header is nested over \(AMQPValue.depthLimit) levels or has a name over 128 bytes"
            }
            if size > Self.maxHeaderBytes { return "the headers have over \(Self.maxHeaderBytes) bytes" }
        }
        return nil
    }

    /// Headers and properties travel in one frame, and 128 KiB is RabbitMQ's default for the largest.
    static let maxHeaderBytes = 64 << 10

    /// Whether headers and properties go into one frame of this size, for a broker that was set to smaller ones.
    func fits(frameMax: Int) -> Bool {
        if properties.headers.isEmpty || frameMax >= Self.maxHeaderBytes + 4096 { return true }
        return (AMQPValue.wireBound(of: properties.headers) ?? .max) <= frameMax - 4096
    }
}

/// What became of a published message.
public enum PublishOutcome: Sendable, Equatable {
    /// The broker has taken it: written to disk, or to a majority, where the queue promises that.
    case confirmed
    /// The broker could not take it: a full queue with `reject-publish`, or an internal error. Back off and publish again.
    case nacked
    /// No queue is bound for it; only for mandatory messages. 312 is `NO_ROUTE`.
    case returned(code: Int, text: String)
}
