/// The faults that the sandbox can inject.
public enum Fault: String, Sendable, Hashable, CaseIterable {
    /// 429 with `Retry-After`.
    case tooManyRequests = "429"
    /// 500.
    case serverError = "500"
    /// No response until the client disconnects or the idle timeout closes the connection.
    case hang
    /// The request takes effect, but the connection is closed without a response. For creates and cancels.
    case lostAnswer
    /// A file's body takes `slowBody` longer than normal.
    case slowBody
    /// The connection closes half-way through a file's body.
    case truncatedBody
    /// One byte in the middle of a file's body is wrong.
    case corruptBody
    /// A listed link has already expired; another listing gives a valid one.
    case expiredLink
    /// A status response says `MYSTERY`.
    case unknownStatus
    /// The export ends as `FATAL`.
    case failedExport
    /// The export ends as `NO_DATA`.
    case emptyExport

    /// The points at which the sandbox decides about the fault.
    var points: Set<FaultPoint> {
        switch self {
        case .tooManyRequests, .serverError, .hang: [.create, .find, .status, .files, .download, .cancel]
        case .lostAnswer: [.create, .cancel]
        case .slowBody, .truncatedBody, .corruptBody: [.download]
        case .expiredLink: [.link]
        case .unknownStatus: [.status]
        case .failedExport, .emptyExport: [.outcome]
        }
    }
}

/// A point at which faults are decided: a kind of request, a link in a listing, or the end of an export.
public enum FaultPoint: String, Sendable, Hashable, CaseIterable {
    case create, find, status, files, download, cancel, link, outcome
}
