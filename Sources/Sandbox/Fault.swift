/// The faults that the sandbox can inject.
public enum Fault: String, Sendable, Hashable, CaseIterable {
    /// 429 with `Retry-After`.
    case tooManyRequests = "429"
    /// 429 without `Retry-After`.
    case bareTooManyRequests = "429-bare"
    /// 429 with `Retry-After: 0`.
    case zeroTooManyRequests = "429-zero"
    /// 429 with a `Retry-After` that is not a number of whole seconds. Its forms: `OddRetryAfter`.
    case oddTooManyRequests = "429-odd"
    /// 500.
    case serverError = "500"
    /// 503 without `Retry-After`.
    case bareUnavailable = "503-bare"
    /// 409, 423 or 425 without `Retry-After`, because the resource is busy. Its forms: `BusyStatus`.
    case conflict
    /// 202 in place of a listing or a file. Its forms: `ProcessingHint`.
    case processing
    /// 200 with a login page in place of a status, a listing or a file.
    case htmlPage
    /// No response until the client disconnects or the idle timeout closes the connection.
    case hang
    /// The request takes effect, but the connection is closed without a response. For creates, starts, cancels and sign-ins.
    case lostAnswer
    /// A file's body takes `slowBody` longer than normal.
    case slowBody
    /// The connection closes half-way through a file's body.
    case truncatedBody
    /// One byte in the middle of a file's body is wrong.
    case corruptBody
    /// 200 with an error in place of a file. Its forms: `ErrorDocument`.
    case errorDocument
    /// 204 in place of a file.
    case noContent
    /// 206 with the first half of a file, although the whole file was requested.
    case partial
    /// A file's body with a `Content-Encoding` that nobody asked for, or one that is not true. Its forms: `OddCoding`.
    case oddCoding
    /// The listing of an export that is `DONE` does not have the links yet. Its forms: `LateLinks`.
    case lateLinks
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
        case .tooManyRequests, .bareTooManyRequests, .zeroTooManyRequests, .oddTooManyRequests, .serverError, .bareUnavailable, .hang:
            [.create, .start, .find, .status, .files, .download, .cancel, .signIn]
        case .lostAnswer: [.create, .start, .cancel, .signIn]
        case .conflict, .htmlPage: [.status, .files, .download]
        case .processing: [.files, .download]
        case .slowBody, .truncatedBody, .corruptBody, .errorDocument, .noContent, .partial, .oddCoding: [.download]
        case .lateLinks: [.files]
        case .expiredLink: [.link]
        case .unknownStatus: [.status]
        case .failedExport, .emptyExport: [.outcome]
        }
    }
}

/// A point at which faults are decided: a kind of request, a link in a listing, or the end of an export.
public enum FaultPoint: String, Sendable, Hashable, CaseIterable {
    case create, find, status, files, download, cancel, link, outcome, start, signIn
}
