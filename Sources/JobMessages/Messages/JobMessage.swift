import Encoding
import ExportCore
import Foundation
import RabbitMQ

/// The job message: the encoding of a `JobRequest` between its submitter and an orchestrator.
///
/// JSON: `{"exportJobId", "provider", "parameters": {…}, "priority": "high|normal|low", "tenant", "correlationId", "webhook"}`; only
/// `provider` is required. Unknown members are ignored, because a later version may define them.
public enum JobMessage {
    /// The largest body, in bytes.
    public static let largestBody = 256 * 1024

    /// The members that are read.
    public static let members = ["exportJobId", "provider", "parameters", "priority", "tenant", "correlationId", "webhook"]

    /// The values that a message carries outside its body. The body takes precedence.
    public struct Envelope: Sendable {
        public var id: JobID?
        public var priority: JobPriority?
        public var correlationID: String?
        public var traceparent: String?

        public init(id: JobID? = nil, priority: JobPriority? = nil, correlationID: String? = nil, traceparent: String? = nil) {
            self.id = id
            self.priority = priority
            self.correlationID = correlationID
            self.traceparent = traceparent
        }
    }

    /// Decodes a body. A job with an id in neither body nor envelope gets a random one.
    /// - Throws: the problem with the message, with its field and a fix.
    public static func decode(_ body: [UInt8], _ envelope: Envelope = Envelope()) throws(JobMessageError) -> JobRequest {
        guard body.count <= largestBody else {
            throw JobMessageError(code: "too-large", message: "the message has \(body.count) bytes; the maximum is \(largestBody)")
        }
        let fields = JobMessageFields(try object(body))
        guard let provider = try fields.text("provider", atMost: 128) else {
            throw JobMessageError(code: "missing-field", message: "provider is missing; set it to the name of a provider file")
        }
        let webhook = try fields.text("webhook", atMost: 2048)
        if let webhook, URL(string: webhook)?.scheme != "https" {
            throw JobMessageError(code: "bad-field", message: "webhook must be an https:// URL")
        }
        let priority = try priority(fields) ?? envelope.priority ?? .normal
        return JobRequest(
            id: try id(fields) ?? envelope.id ?? JobID(valid: UUID().uuidString.lowercased()), provider: provider,
            parameters: try fields.object("parameters", in: body) ?? "{}", priority: priority,
            tenant: try fields.text("tenant", atMost: 128) ?? "default",
            correlationID: try fields.text("correlationId", atMost: 128) ?? envelope.correlationID, webhook: webhook,
            traceparent: envelope.traceparent)
    }

    /// Decodes a delivery of a job queue: message id, correlation id and trace from its properties, the priority from its queue.
    /// - Throws: the problem with the message, with its field and a fix.
    public static func decode(_ delivery: Delivery) throws(JobMessageError) -> JobRequest {
        guard !delivery.isTruncated else {
            throw JobMessageError(code: "too-large", message: "the message has \(delivery.bodySize) bytes; the maximum is \(largestBody)")
        }
        return try decode(
            delivery.body,
            Envelope(
                id: delivery.properties.messageID.flatMap(JobID.init), priority: QueueNames.priority(of: delivery.queue),
                correlationID: printable(delivery.properties.correlationID),
                traceparent: printable(delivery.properties.headers["traceparent"]?.text)))
    }

    /// The body of the message for a request.
    /// - Throws: `not-json` if the parameters are not a JSON object.
    public static func encode(_ request: JobRequest) throws(JobMessageError) -> [UInt8] {
        _ = try object(Array(request.parameters.utf8))
        var writer = JSONWriter()
        writer.object { json in
            // Unchanged, because another encoding would reorder the members.
            json.field("parameters", json: request.parameters)
            if request.correlationID != request.id.text { json.field("correlationId", request.correlationID) }
            json.field("exportJobId", request.id.text)
            json.field("priority", request.priority.rawValue)
            json.field("provider", request.provider)
            if request.tenant != "default" { json.field("tenant", request.tenant) }
            if let webhook = request.webhook { json.field("webhook", webhook) }
        }
        return writer.bytes
    }
}

extension JobMessage {
    private static func id(_ fields: JobMessageFields) throws(JobMessageError) -> JobID? {
        guard let name = try fields.text("exportJobId", atMost: 128) else { return nil }
        guard let id = JobID(name) else { throw JobMessageError(code: "bad-field", message: "exportJobId must be \(JobID.rule)") }
        return id
    }

    private static func priority(_ fields: JobMessageFields) throws(JobMessageError) -> JobPriority? {
        guard let name = try fields.text("priority", atMost: 128) else { return nil }
        guard let priority = JobPriority(rawValue: name) else {
            throw JobMessageError(code: "bad-field", message: "priority must be high, normal or low")
        }
        return priority
    }

    /// A property, if it is safe in a line of a log or of a wake.
    private static func printable(_ text: String?) -> String? {
        guard let text, (1...128).contains(text.utf8.count), text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else { return nil }
        return text
    }

    private static func object(_ body: [UInt8]) throws(JobMessageError) -> [String: Any] {
        let value: Any
        do {
            value = try JSONSerialization.jsonObject(with: Data(body))
        } catch {
            // Foundation also refuses JSON nested deeper than 512 levels.
            throw JobMessageError(code: "not-json", message: "the message is not JSON: \(JobMessageError.line(error))")
        }
        guard let object = value as? [String: Any] else {
            throw JobMessageError(code: "not-json", message: "the message is JSON, but not an object {…}")
        }
        return object
    }
}
