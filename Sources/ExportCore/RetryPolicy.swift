/// Exponential backoff with full jitter: a delay uniform in 0...min(cap, base · 2ⁿ⁻¹) after the n-th failure in a row.
/// Source: Marc Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
public struct RetryPolicy: Sendable, Equatable {
    /// The failures in a row after which it is given up.
    public var attempts: Int
    public var base: Duration
    public var cap: Duration

    public init(attempts: Int = 8, base: Duration = .seconds(2), cap: Duration = .seconds(300)) {
        self.attempts = attempts
        self.base = base
        self.cap = cap
    }

    /// - Parameters:
    ///   - failures: failures in a row, from 1.
    ///   - retryAfter: the least delay that the other side asked for; it is never undercut, and the jitter comes on top of it.
    ///   - random: uniform in 0..<1.
    public func delay(failures: Int, retryAfter: Duration? = nil, random: Double) -> Duration {
        // 2^30 times any base is past every sensible cap; more would overflow.
        let ceiling = min(cap, base * (1 << min(max(failures - 1, 0), 30)))
        return (retryAfter ?? .zero) + ceiling * random
    }
}
