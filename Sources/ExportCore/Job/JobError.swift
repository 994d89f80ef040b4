/// Why a job or a file failed.
public struct JobError: Sendable, Equatable {
    /// Kebab-case and stable: `max-wait-exceeded`, `unknown-status`, `http-403`.
    public var code: String
    public var message: String

    public init(code: String, message: String) {
        self.code = code
        self.message = message
    }

    /// The code of a job that was cancelled on request; it needs no dead letter.
    public static let cancelled = "cancelled"
    /// The code of an export that is ready and lists no file.
    public static let nothingListed = "nothing-listed"

    /// The status of an answer that has none.
    public static let noStatus = "(nothing)"

    /// What is wrong with an answer whose status the provider file does not list.
    public static func unknownStatus(_ status: String) -> String {
        status == noStatus
            ? "status.state gives nothing for this answer; where that means that the export runs, write // \"running\" behind the filter"
            : "the status \"\(status)\" is in no list of status.states; add it"
    }
}
