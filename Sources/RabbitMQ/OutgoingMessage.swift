/// A message to publish.
public struct OutgoingMessage: Sendable, Equatable {
    /// The exchange. Empty means the default exchange, which routes to the queue named by the routing key.
    public var exchange: String
    public var routingKey: String
    public var body: [UInt8]
    public var properties: MessageProperties
    /// Whether the broker returns the message (`PublishOutcome.returned`) if no queue receives it, instead of dropping it.
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

    /// The message's size against the byte limits: the body and a fixed allowance for the rest.
    var weight: Int { body.count + 256 }

    /// The reason why the message cannot be sent, or `nil`.
    func problem(maxBytes: Int) -> String? {
        if body.count > maxBytes { return "the body has \(body.count) bytes; at most \(maxBytes) are allowed" }
        if exchange.utf8.count > 255 || routingKey.utf8.count > 255 { return "the exchange or routing key has more than 255 bytes" }
        if properties.shortStrings.contains(where: { ($0?.utf8.count ?? 0) > 255 }) { return "a property has more than 255 bytes" }
        if !properties.headers.isEmpty {
            guard let size = AMQPValue.wireBound(of: properties.headers) else {
                return "a header is nested deeper than \(AMQPValue.depthLimit) levels or has a name over 128 bytes"
            }
            if size > Self.maxHeaderBytes { return "the headers have more than \(Self.maxHeaderBytes) bytes" }
        }
        return nil
    }

    /// Headers and properties are sent in one frame, and RabbitMQ's default maximum is 128 KiB.
    static let maxHeaderBytes = 64 << 10

    /// Whether headers and properties fit into one frame of this size, for a broker configured with smaller frames.
    func fits(frameMax: Int) -> Bool {
        if properties.headers.isEmpty || frameMax >= Self.maxHeaderBytes + 4096 { return true }
        return (AMQPValue.wireBound(of: properties.headers) ?? .max) <= frameMax - 4096
    }
}

/// The outcome of a published message.
public enum PublishOutcome: Sendable, Equatable {
    /// The broker accepted it: written to disk, or to a majority, if the queue guarantees that.
    case confirmed
    /// The broker did not accept it: a full queue with `reject-publish`, or an internal error. Back off and publish again.
    case nacked
    /// No queue received it; only for mandatory messages. 312 is `NO_ROUTE`.
    case returned(code: Int, text: String)
}
