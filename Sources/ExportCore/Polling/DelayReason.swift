/// Why the next step of a job is due when it is. The raw value stands in the job's history.
public enum DelayReason: String, Sendable, CaseIterable {
    /// The provider file's fixed interval.
    case fixed = "f"
    /// By how long the provider's exports of this kind usually take.
    case usual = "u"
    /// The provider file's delay of the first check.
    case first = "i"
    /// Nothing is known of how long they take.
    case unknown = "n"
    /// By how much of the export is done.
    case progress = "p"
    /// The answer's Retry-After.
    case retryAfter = "r"
    /// By the number of failures in a row.
    case backoff = "b"
    /// A policy whose delays grow.
    case growing = "g"
    /// The provider asks to come later, or must not be asked now.
    case putOff = "d"
    /// A request follows that nothing is waited for.
    case atOnce = "s"
    /// The last check, at the end of the longest wait.
    case longestWait = "m"

    public var words: String {
        switch self {
        case .fixed: "fixed interval"
        case .usual: "by the usual duration"
        case .first: "first check"
        case .unknown: "no durations known yet"
        case .progress: "by the progress"
        case .retryAfter: "Retry-After"
        case .backoff: "backoff"
        case .growing: "growing interval"
        case .putOff: "put off"
        case .atOnce: "at once"
        case .longestWait: "the end of the longest wait"
        }
    }
}

/// When the next step is due, and why then.
public struct ChosenDelay: Sendable, Equatable {
    public var time: Duration
    public var reason: DelayReason

    public init(_ time: Duration, _ reason: DelayReason) {
        self.time = time
        self.reason = reason
    }

    /// Not later than this.
    func bounded(by longest: Duration) -> ChosenDelay { time <= longest ? self : ChosenDelay(longest, .longestWait) }
}
