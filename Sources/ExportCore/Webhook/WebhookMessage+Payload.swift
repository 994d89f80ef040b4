import Encoding

extension WebhookMessage {
    public static let contentType = "application/json"

    /// The type of the event: the same names as in `ops/docs/events.md`.
    public var type: String { "longhaul.job.\(status.rawValue.lowercased())" }

    /// The body, the same bytes in every attempt. It is small: it says where the manifest is, which lists the objects.
    public var payload: [UInt8] {
        var json = JSONWriter(capacity: 512)
        json.object { json in
            json.field("type", type)
            json.field("timestamp", UTCTime(milliseconds: endedAt).timestamp)
            json.object("data") { json in
                json.field("jobId", job.text)
                json.field("provider", provider)
                json.field("tenant", tenant)
                json.field("correlationId", correlationID)
                json.field("status", status.rawValue)
                json.field("createdAt", UTCTime(milliseconds: createdAt).timestamp)
                json.field("files", files)
                json.field("filesFailed", filesFailed)
                if status == .completed { json.field("manifest", manifest) }
                if let error {
                    json.object("error") { json in
                        json.field("code", error.code)
                        json.field("message", error.message)
                    }
                }
            }
        }
        return json.bytes
    }

    /// The key of the manifest, below the location of `LONGHAUL_OUTPUT`.
    private var manifest: String { ObjectKey(provider: provider, createdAt: createdAt, job: job).manifest }
}
