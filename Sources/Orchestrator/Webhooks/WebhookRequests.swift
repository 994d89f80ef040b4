import ExportCore
import HTTPClient
import ProviderAPI

/// Makes attempts: finds out where a message goes, sends it, and reads what came of it.
struct WebhookRequests: Sendable {
    let http: HTTPClient
    let providers: ProviderDirectory
    /// For the URLs of jobs; the first is the newest.
    let secrets: [WebhookSecret]

    /// What came of an attempt, and why it failed.
    struct Attempt: Sendable {
        var outcome: WebhookOutcome
        /// Kebab-case and stable: `http-500`, `timeout-whole`.
        var code: String
        var explanation: String
        /// For metrics: `5xx`, or the code.
        var result: String
    }

    /// - Throws: why no attempt can be made now.
    func target(of message: WebhookMessage) async throws(WebhookTargetError) -> WebhookTarget {
        if case .job(let url) = message.endpoint { return try WebhookTarget(url: url, secrets: secrets) }
        guard let provider = providers[message.provider] else {
            throw WebhookTargetError(code: "no-endpoint", message: "no provider file of that name is loaded here")
        }
        return try await provider.client.webhookTarget()
    }

    /// The answer's body is read only as far as an explanation shows it, and it changes nothing.
    /// - Returns: `nil` if this process ended the attempt, which says nothing about the receiver.
    func send(_ message: WebhookMessage, to target: WebhookTarget, timestamp: Int64) async -> Attempt? {
        do throws(HTTPError) {
            let stream = try await http.stream(target.request(message, timestamp: timestamp))
            let status = stream.status, retryAfter = stream.headers.retryAfter(now: timestamp)
            // What arrives after the status may break off.
            let start = (try? await stream.peek(atMost: Self.shownBytes))?.start ?? []
            stream.cancel()
            let shown = target.excerpt(of: start)
            return Attempt(
                outcome: .answered(status: status, retryAfter: retryAfter), code: "http-\(status)",
                explanation: target.shown("POST \(target.origin) answered \(status)") + (shown.isEmpty ? "" : ": \(shown)"),
                result: "\(status / 100)xx")
        } catch {
            if [.shutDown, .cancelled, .overloaded].contains(error.kind) { return nil }
            return Attempt(
                outcome: .failed(isFinal: Self.isFinal(error.kind)), code: error.kind.label,
                explanation: target.shown("POST \(target.origin): \(error.kind.label) (\(error.cause))") + Self.fix(error.kind),
                result: error.kind.label)
        }
    }

    private static let shownBytes = 200

    /// Time changes neither what an address is nor what a URL is.
    private static func isFinal(_ kind: HTTPError.Kind) -> Bool { kind == .refusedAddress || kind == .invalidRequest }

    private static func fix(_ kind: HTTPError.Kind) -> String {
        kind == .refusedAddress ? "; LONGHAUL_EGRESS says which addresses that are not public may be reached" : ""
    }
}
