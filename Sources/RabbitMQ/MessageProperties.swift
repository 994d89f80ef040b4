/// The properties of a message (AMQP 0-9-1, class basic). A short string may have at most 255 bytes.
public struct MessageProperties: Sendable, Equatable {
    public var messageID: String?
    public var correlationID: String?
    public var contentType: String?
    public var contentEncoding: String?
    public var type: String?
    public var appID: String?
    public var userID: String?
    public var replyTo: String?
    /// Whole seconds since 1970. `Publisher` sends the time of publication if there is none.
    public var timestamp: UInt64?
    /// The broker drops or dead-letters the message after this time in a queue; whole milliseconds.
    public var expiration: Duration?
    public var priority: UInt8?
    /// Whether the broker writes the message to disk in a durable queue (delivery mode 2).
    public var isPersistent: Bool
    public var headers: [String: AMQPValue]

    public init(
        messageID: String? = nil, correlationID: String? = nil, contentType: String? = nil, type: String? = nil,
        appID: String? = nil, timestamp: UInt64? = nil, expiration: Duration? = nil, isPersistent: Bool = true,
        headers: [String: AMQPValue] = [:]
    ) {
        self.messageID = messageID
        self.correlationID = correlationID
        self.contentType = contentType
        self.type = type
        self.appID = appID
        self.timestamp = timestamp
        self.expiration = expiration
        self.isPersistent = isPersistent
        self.headers = headers
    }

    var shortStrings: [String?] { [messageID, correlationID, contentType, contentEncoding, type, appID, userID, replyTo] }
}
