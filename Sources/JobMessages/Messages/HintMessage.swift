import Encoding
import ExportCore
import Foundation
import RabbitMQ

/// Word that something may have happened to a job's export: its next check comes at once. It decides nothing; the check does.
///
/// JSON: `{"exportJobId"}`. Other programs publish it to `longhaul.hints`, and `longhaul callbacks` does for APIs.
public struct HintMessage: Sendable, Equatable {
    public var id: JobID

    public init(id: JobID) { self.id = id }

    private struct Body: Codable { var exportJobId: String }

    /// - Throws: `not-json` or `bad-field`.
    public init(body: [UInt8]) throws(JobMessageError) {
        let decoded: Body
        do {
            decoded = try JSONDecoder().decode(Body.self, from: Data(body.prefix(JobMessage.largestBody)))
        } catch {
            throw JobMessageError(code: "not-json", message: "not a hint: \(JobMessageError.line(error))")
        }
        guard let id = JobID(decoded.exportJobId) else {
            throw JobMessageError(code: "bad-field", message: "exportJobId must be \(JobID.rule)")
        }
        self.id = id
    }

    public var outgoing: OutgoingMessage {
        var writer = JSONWriter(capacity: 64)
        writer.object { $0.field("exportJobId", id.text) }
        var properties = MessageProperties()
        properties.contentType = "application/json"
        return OutgoingMessage(routingKey: QueueNames.hints, body: writer.bytes, properties: properties)
    }
}
