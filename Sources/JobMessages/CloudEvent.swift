import Encoding
import RabbitMQ

/// An event for other programs, as a message: CloudEvents 1.0.2 in structured mode (https://github.com/cloudevents/spec, JSON format).
public struct CloudEvent: Sendable {
    /// With the source it names the event: a second message with both is the same event.
    public var id: String
    public var source: String
    public var type: String
    public var subject: String
    /// Milliseconds since 1970.
    public var time: Int64
    /// Orders the events of a subject: a later one is not smaller.
    public var sequence: Int64?
    public var correlationID: String?
    /// W3C Trace Context.
    public var traceparent: String?

    public init(
        id: String, source: String, type: String, subject: String, time: Int64, sequence: Int64? = nil, correlationID: String? = nil,
        traceparent: String? = nil
    ) {
        (self.id, self.source, self.type, self.subject, self.time) = (id, source, type, subject, time)
        (self.sequence, self.correlationID, self.traceparent) = (sequence, correlationID, traceparent)
    }

    public static let contentType = "application/cloudevents+json"

    /// Mandatory: an event that no queue wants comes back, and the next ones of its kind need not be sent for a while.
    /// - Parameter data: writes the members of `data`.
    public func message(routingKey: String, _ data: (inout JSONWriter) -> Void) -> OutgoingMessage {
        var json = JSONWriter(capacity: 640)
        json.object { json in
            json.field("specversion", "1.0")
            json.field("id", id)
            json.field("source", source)
            json.field("type", type)
            json.field("subject", subject)
            json.field("time", UTCTime(milliseconds: time).timestamp)
            json.field("datacontenttype", "application/json")
            // The extensions "sequence" and "distributed tracing", and one of our own.
            if let sequence { json.field("sequence", Self.ordered(sequence)) }
            if let correlationID { json.field("correlationid", correlationID) }
            if let traceparent { json.field("traceparent", traceparent) }
            json.object("data", data)
        }
        var properties = MessageProperties()
        properties.contentType = Self.contentType
        properties.messageID = id
        properties.correlationID = correlationID
        return OutgoingMessage(
            exchange: QueueNames.events, routingKey: routingKey, body: json.bytes, properties: properties)
    }

    /// As text that sorts like the number.
    private static func ordered(_ number: Int64) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(12 - digits.count, 0)) + digits
    }
}
