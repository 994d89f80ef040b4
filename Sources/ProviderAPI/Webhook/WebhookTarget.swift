import ExportCore
import HTTPClient

/// Where an attempt goes, and what it is signed with.
public struct WebhookTarget: Sendable {
    public let url: String
    /// Scheme, host and port: what is shown and counted, because a path may be a secret of the receiver.
    public let origin: String
    private let secrets: [WebhookSecret]
    private let redaction: Redaction

    /// - Throws: `no-webhook-secret` without a secret, because a message is never sent unsigned; `invalid-url`.
    public init(url: String, secrets: [WebhookSecret]) throws(WebhookTargetError) {
        try self.init(url: url, secrets: secrets, hiding: Redaction())
    }

    /// - Parameter redaction: what the URL may hold, and no message shows.
    init(url: String, secrets: [WebhookSecret], hiding redaction: Redaction) throws(WebhookTargetError) {
        guard let origin = WebURL.origin(url) else {
            throw WebhookTargetError(code: "invalid-url", message: "the URL of the webhook is not an https:// URL", isFinal: true)
        }
        guard !secrets.isEmpty else {
            throw WebhookTargetError(
                code: "no-webhook-secret",
                message: "there is no secret to sign with; set LONGHAUL_WEBHOOK_SECRETS, or the secrets of the provider file")
        }
        (self.url, self.origin, self.secrets, self.redaction) = (url, origin, secrets, redaction)
    }

    /// The start of an answer as one line of at most 200 characters, without secrets of the provider file and control characters.
    public func excerpt(of bytes: [UInt8]) -> String { redaction.excerpt(of: bytes) }

    /// A text of at most 300 characters without secrets of the provider file.
    public func shown(_ text: String) -> String { redaction.start(of: text, atMost: 300) }

    /// The longest wait for an answer: Standard Webhooks 1.0.0, section "Request timeouts", recommends 15 to 30 s.
    public static let timeout = Duration.seconds(15)

    /// The request of an attempt. It follows no redirect, and takes the addresses that it may reach from the HTTP client.
    /// - Parameter timestamp: of the attempt, in seconds since 1970.
    public func request(_ message: WebhookMessage, timestamp: Int64) -> HTTPRequest {
        let body = message.payload
        let signatures = secrets.map { $0.signature(id: message.id, timestamp: timestamp, body: body) }
        return HTTPRequest(
            .post, url,
            headers: [
                ("content-type", WebhookMessage.contentType), ("webhook-id", message.id), ("webhook-timestamp", "\(timestamp)"),
                ("webhook-signature", signatures.joined(separator: " ")),
            ],
            body: .bytes(body),
            timeouts: HTTPTimeouts(
                queue: .seconds(1), connect: .seconds(10), firstByte: Self.timeout, stall: Self.timeout, whole: Self.timeout),
            redirects: .refuse)
    }
}

/// Why no attempt can be made now.
public struct WebhookTargetError: Error, Sendable, Equatable, CustomStringConvertible {
    /// Kebab-case and stable.
    public var code: String
    /// For people; never holds a secret.
    public var message: String
    /// Whether no later attempt can succeed.
    public var isFinal: Bool

    public init(code: String, message: String, isFinal: Bool = false) {
        (self.code, self.message, self.isFinal) = (code, message, isFinal)
    }

    public var description: String { "\(code): \(message)" }
}
