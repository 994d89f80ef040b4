/// What the sandbox can do wrong on purpose.
public enum Fault: String, Sendable, Hashable, CaseIterable {
    /// 429 with `Retry-After`.
    case tooManyRequests = "429"
    /// 500.
    case serverError = "500"
    /// No answer until the client leaves, or the idle timeout ends the connection.
    case hang
    /// The request takes effect, and the connection is closed without an answer. Creates and cancels.
    case lostAnswer
    /// A file's body takes `slowBody` longer than it would.
    case slowBody
    /// A file's body ends half-way, by a closed connection.
    case truncatedBody
    /// One byte in the middle of a file's body is wrong.
    case corruptBody
    /// A listed link has expired already; listing once more gives a good one.
    case expiredLink
    /// A status answer says `MYSTERY`.
    case unknownStatus
    /// The export ends as `FATAL`.
    case failedExport
    /// The export ends as `NO_DATA`.
    case emptyExport

    /// Where the sandbox decides about the fault.
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

/// A place where faults are decided: a kind of request, a link as it is listed, or the end of an export.
public enum FaultPoint: String, Sendable, Hashable, CaseIterable {
    case create, find, status, files, download, cancel, link, outcome
}

/// One instruction to do something wrong.
public struct FaultRule: Sendable, Hashable {
    public enum Amount: Sendable, Hashable {
        /// The probability, 0 to 1, at each occasion.
        case rate(Double)
        /// The first occasions of each export at each point (of each file, for downloads and links).
        case first(Int)
    }

    public var fault: Fault
    public var amount: Amount
    /// Only at this point; at all where the fault can occur, if nil.
    public var point: FaultPoint?

    public init(_ fault: Fault, _ amount: Amount, at point: FaultPoint? = nil) {
        self.fault = fault
        self.amount = amount
        self.point = point
    }

    func applies(at point: FaultPoint) -> Bool {
        fault.points.contains(point) && (self.point == nil || self.point == point)
    }
}
