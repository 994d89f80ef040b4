import Encoding
import ExportCore
import Foundation
import RabbitMQ

/// Work for a worker: a file to transfer, or the manifest of a job whose files have all ended. Like a wake, it is a hint: the store
/// holds the truth and refuses a late or repeated message.
///
/// JSON: `{"exportJobId", "file": 3, "token": 0, "correlationId"}`, or `"manifest": true` in place of `file`.
public struct DownloadMessage: Sendable, Equatable {
    public enum Task: Sendable, Equatable {
        /// - Parameter token: the token of the queued file, so that a claim does not have to read it first; `nil` if unknown.
        case file(Int, token: Int?)
        case manifest
    }

    public var id: JobID
    public var task: Task
    public var correlationID: String

    public init(id: JobID, task: Task, correlationID: String) {
        self.id = id
        self.task = task
        self.correlationID = correlationID
    }

    private struct Body: Codable {
        var exportJobId: String
        var file: Int?
        var token: Int?
        var manifest: Bool?
        var correlationId: String
    }

    /// - Throws: `not-json` or `bad-field`.
    public init(body: [UInt8]) throws(JobMessageError) {
        let decoded = if let plain = Self.plainFile(body) { plain } else { try Self.decode(body) }
        guard let id = JobID(decoded.exportJobId) else {
            throw JobMessageError(code: "bad-field", message: "exportJobId must be \(JobID.rule)")
        }
        switch (decoded.file, decoded.manifest) {
        case (let file?, nil) where file >= 0: task = .file(file, token: decoded.token.flatMap { $0 >= 0 ? $0 : nil })
        case (nil, true?): task = .manifest
        default: throw JobMessageError(code: "bad-field", message: "set either file, a number from 0, or manifest to true")
        }
        self.id = id
        correlationID = decoded.correlationId
    }

    /// Decodes what `encoded` writes for a file, which nearly all messages are.
    private static func plainFile(_ body: [UInt8]) -> Body? {
        guard let members = Encoding.FlatJSON.members(body), members["manifest"] == nil, let id = members["exportJobId"]?.string,
            let file = members["file"]?.integer, let correlationID = members["correlationId"]?.string
        else { return nil }
        let token = members["token"]?.integer.map { Int($0) }
        return Body(exportJobId: id, file: Int(file), token: token, manifest: nil, correlationId: correlationID)
    }

    private static func decode(_ body: [UInt8]) throws(JobMessageError) -> Body {
        do {
            return try JSONDecoder().decode(Body.self, from: Data(body))
        } catch {
            throw JobMessageError(code: "not-json", message: "not a download message: \(JobMessageError.line(error))")
        }
    }

    /// The message for the downloads queue of a priority; persistent, as quorum queues require.
    public func outgoing(_ priority: JobPriority, traceparent: String? = nil) -> OutgoingMessage {
        var properties = MessageProperties()
        properties.contentType = "application/json"
        properties.correlationID = correlationID
        properties.isPersistent = true
        if let traceparent { properties.headers["traceparent"] = .string(traceparent) }
        return OutgoingMessage(routingKey: QueueNames.downloads(priority), body: encoded, properties: properties)
    }

    private var encoded: [UInt8] {
        var writer = JSONWriter(capacity: 128)
        writer.object { json in
            json.field("exportJobId", id.text)
            switch task {
            case .file(let index, let token):
                json.field("file", index)
                if let token { json.field("token", token) }
            case .manifest: json.field("manifest", true)
            }
            json.field("correlationId", correlationID)
        }
        return writer.bytes
    }
}
