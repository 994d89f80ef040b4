import Retry

/// When a provider's request or file is tried again after a failure, and when it is given up.
public struct RetryPolicy: Sendable, Equatable {
    /// The failures in a row after which it is given up.
    public var attempts: Int
    public var base: Duration
    public var cap: Duration
    /// How long a job or a file may be put off, by throttled answers and by ones that say "not yet", before it fails.
    public var maxThrottled: Duration

    public init(
        attempts: Int = 8, base: Duration = .seconds(2), cap: Duration = .seconds(300), maxThrottled: Duration = .seconds(86_400)
    ) {
        self.attempts = attempts
        self.base = base
        self.cap = cap
        self.maxThrottled = maxThrottled
    }

    /// - Parameters:
    ///   - failures: failures in a row, from 1.
    ///   - retryAfter: the least delay that the other side asked for; it is never undercut, and the jitter comes on top of it.
    ///   - random: uniform in 0..<1.
    public func delay(failures: Int, retryAfter: Duration? = nil, random: Double) -> Duration {
        (retryAfter ?? .zero) + Backoff(base: base, cap: cap).delay(attempt: failures - 1, random: random)
    }

    /// The delay of a step that was put off. It grows with the time over which it was put off again and again, so that no count is needed:
    /// full jitter under that time, at least `base` and at most `cap`.
    /// - Parameters:
    ///   - since: how long ago it was put off for the first time; zero for a request that was not sent, whose pause grows by itself.
    ///   - retryAfter: as in `delay`.
    ///   - random: uniform in 0..<1.
    public func deferral(since: Duration, retryAfter: Duration? = nil, random: Double) -> Duration {
        (retryAfter ?? .zero) + min(cap, max(base, since)) * random
    }
}
