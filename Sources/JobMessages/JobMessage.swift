import Encoding
import ExportCore
import Foundation

/// A job as somebody submits it.
///
/// JSON: `{"exportJobId", "provider", "parameters": {…}, "priority": "high|normal|low", "tenant", "correlationId", "webhook"}`; all
/// but `provider` may be missing. Members that are not known are let pass: a later version may know them.
public struct JobMessage: Sendable, Equatable {
    /// `nil` when the message names none.
    public var id: JobID?
    public var provider: String
    /// A compact JSON object.
    public var parameters: String
    public var priority: JobPriority?
    public var tenant: String
    public var correlationID: String?
    public var webhook: String?

    /// A message's largest body, in bytes.
    public static let largestBody = 256 * 1024

    public init(
        id: JobID?, provider: String, parameters: String = "{}", priority: JobPriority? = nil, tenant: String = "default",
        correlationID: String? = nil, webhook: String? = nil
    ) {
        self.id = id
        self.provider = provider
        self.parameters = parameters
        self.priority = priority
        self.tenant = tenant
        self.correlationID = correlationID
        self.webhook = webhook
    }

    /// - Throws: what is wrong with the message, naming the field and the mend.
    public init(body: [UInt8]) throws(JobMessageError) {
        guard body.count <= Self.largestBody else {
            throw JobMessageError(code: "too-large", message: "the message has \(body.count) bytes; the most is \(Self.largestBody)")
        }
        let members = try Self.object(body)
        let fields = JobMessageFields(members)
        guard let provider = try fields.text("provider", atMost: 128) else {
            throw JobMessageError(code: "missing-field", message: "provider is missing: name the provider file that the export is for")
        }
        self.provider = provider
        if let name = try fields.text("exportJobId", atMost: 128) {
            guard let id = JobID(name) else {
                throw JobMessageError(code: "bad-field", message: "exportJobId must be \(JobID.rule)")
            }
            self.id = id
        }
        if let name = try fields.text("priority", atMost: 128) {
            guard let priority = JobPriority(rawValue: name) else {
                throw JobMessageError(code: "bad-field", message: "priority must be high, normal or low")
            }
            self.priority = priority
        }
        parameters = try fields.object("parameters", in: body) ?? "{}"
        tenant = try fields.text("tenant", atMost: 128) ?? "default"
        correlationID = try fields.text("correlationId", atMost: 128)
        webhook = try fields.text("webhook", atMost: 2048)
        if let webhook, URL(string: webhook)?.scheme != "https" {
            throw JobMessageError(code: "bad-field", message: "webhook must be an https:// URL")
        }
    }

    /// The message as it is published.
    public func encoded() throws(JobMessageError) -> [UInt8] {
        _ = try Self.object(Array(parameters.utf8))
        var writer = JSONWriter()
        writer.object { json in
            // As they are: decoded and encoded again, their members would be in another order.
            json.field("parameters", json: parameters)
            if let correlationID { json.field("correlationId", correlationID) }
            if let id { json.field("exportJobId", id.text) }
            if let priority { json.field("priority", priority.rawValue) }
            json.field("provider", provider)
            if tenant != "default" { json.field("tenant", tenant) }
            if let webhook { json.field("webhook", webhook) }
        }
        return writer.bytes
    }

    private static func object(_ body: [UInt8]) throws(JobMessageError) -> [String: Any] {
        let value: Any
        do {
            value = try JSONSerialization.jsonObject(with: Data(body))
        } catch {
            // Foundation refuses what nests deeper than 512 levels, as it refuses any other broken JSON.
            throw JobMessageError(code: "not-json", message: "the message is not JSON: \(JobMessageError.line(error))")
        }
        guard let object = value as? [String: Any] else {
            throw JobMessageError(code: "not-json", message: "the message is JSON, but not an object {…}")
        }
        return object
    }
}
