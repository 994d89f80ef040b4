import ExportCore
import Foundation

/// The reason why a message cannot be handled. Sending it again does not help.
public struct JobMessageError: Error, Sendable, Equatable, CustomStringConvertible {
    /// Kebab-case and stable: `not-json`, `too-large`, `missing-field`, `bad-field`, `unknown-provider`, `invalid-parameters`, `conflict`,
    /// `no-webhook-secret`.
    public var code: String
    /// Names the field and the fix.
    public var message: String

    public init(code: String, message: String) {
        self.code = code
        self.message = message
    }

    /// Another job has this id.
    /// - Parameter names: what differs between the two; names, never values.
    public static func conflict(_ id: JobID, _ names: [String]) -> JobMessageError {
        JobMessageError(
            code: "conflict",
            message: "another job has the exportJobId \(id); it has not changed; submit this one under another exportJobId "
                + "(different: \(names.prefix(10).joined(separator: ", "))\(names.count > 10 ? " and more" : ""))")
    }

    /// Messages to a webhook are never sent unsigned.
    public static let unsignedWebhook = JobMessageError(
        code: "no-webhook-secret",
        message:
            "the job has a webhook, and the orchestrators have no secret to sign with; set LONGHAUL_WEBHOOK_SECRETS, or leave webhook out")

    public var description: String { "\(code): \(message)" }

    /// An error of Foundation as one bounded line.
    static func line(_ error: any Error) -> String {
        let words = (error as NSError).userInfo[NSDebugDescriptionErrorKey] as? String ?? "\(error)"
        return String(words.map { $0.isNewline ? " " : $0 }.prefix(200))
    }
}
