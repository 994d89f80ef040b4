import Encoding
import ExportCore
import Foundation
import RabbitMQ

/// The dead letter of a webhook message: everything that sending it again needs.
///
/// JSON: `{"webhookId", "exportJobId", "version", "provider", "tenant", "correlationId", "status", "createdAt", "endedAt", "files",
/// "filesFailed", "error": {"code", "message"}, "url"}`; times are milliseconds since 1970, and `url` is missing for the provider's endpoint.
public enum WebhookLetter {
    /// The letter for `longhaul.webhooks.dead`.
    /// - Parameters:
    ///   - reason: a stable code.
    ///   - attempts: that were made.
    public static func outgoing(
        _ message: WebhookMessage, reason: String, explanation: String, attempts: Int, firstFailure: Date, lastFailure: Date
    ) -> OutgoingMessage {
        var properties = MessageProperties()
        properties.messageID = message.id
        properties.correlationID = message.correlationID
        properties.contentType = WebhookMessage.contentType
        properties.appID = "longhaul"
        properties.isPersistent = true
        DeadLetterHeaders(
            kind: DeadLetterKind.webhook.rawValue, reason: reason, explanation: explanation, queue: QueueNames.deadWebhooks,
            routingKey: QueueNames.deadWebhooks, provider: message.provider, job: message.job.text, attempts: attempts,
            firstFailure: firstFailure, lastFailure: lastFailure
        ).write(to: &properties)
        return OutgoingMessage(routingKey: QueueNames.deadWebhooks, body: encode(message), properties: properties)
    }

    static func encode(_ message: WebhookMessage) -> [UInt8] {
        var json = JSONWriter(capacity: 512)
        json.object { json in
            json.field("webhookId", message.id)
            json.field("exportJobId", message.job.text)
            json.field("version", message.version)
            json.field("provider", message.provider)
            json.field("tenant", message.tenant)
            json.field("correlationId", message.correlationID)
            json.field("status", message.status.rawValue)
            json.field("createdAt", message.createdAt)
            json.field("endedAt", message.endedAt)
            json.field("files", message.files)
            json.field("filesFailed", message.filesFailed)
            if let error = message.error {
                json.object("error") { json in
                    json.field("code", error.code)
                    json.field("message", error.message)
                }
            }
            if case .job(let url) = message.endpoint { json.field("url", url) }
        }
        return json.bytes
    }

    private struct Body: Decodable {
        struct Cause: Decodable {
            var code: String
            var message: String
        }

        var webhookId, exportJobId, provider, tenant, correlationId, status: String
        var version, createdAt, endedAt: Int64
        var files, filesFailed: Int
        var error: Cause?
        var url: String?
    }

    /// The message of a letter; `nil` if the body is none: anybody may publish to the queue.
    public static func message(_ body: [UInt8]) -> WebhookMessage? {
        // A body that is not JSON holds no message.
        guard let body = try? JSONDecoder().decode(Body.self, from: Data(body)), let job = JobID(body.exportJobId),
            let status = JobStatus(rawValue: body.status), status.isFinal, body.version >= 0, body.createdAt >= 0, body.endedAt >= 0,
            body.files >= 0, body.filesFailed >= 0,
            // The store separates by tabs, and headers are lines.
            [body.webhookId, body.provider, body.tenant, body.correlationId].allSatisfy(isPlain), !body.webhookId.contains("."),
            body.url.map({ $0.hasPrefix("https://") && isPlain($0) }) ?? true
        else { return nil }
        return WebhookMessage(
            id: body.webhookId, job: job, version: body.version, provider: body.provider, tenant: body.tenant,
            correlationID: body.correlationId, status: status, createdAt: body.createdAt, endedAt: body.endedAt, files: body.files,
            filesFailed: body.filesFailed, error: body.error.map { JobError(code: $0.code, message: $0.message) },
            endpoint: body.url.map { .job(url: $0) } ?? .provider)
    }

    private static func isPlain(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.count <= 2048 && text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F }
    }
}
