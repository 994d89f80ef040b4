/// Exponential backoff with full jitter: each delay is uniformly random between zero and `min(cap, base · 2^attempt)`, so that clients
/// do not reconnect to a recovering server all at once.
///
/// Source: Marc Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
public struct Backoff: Sendable, Equatable {
    /// The longest delay before the first retry.
    public var base: Duration
    /// The longest delay of all.
    public var cap: Duration

    public init(base: Duration, cap: Duration) {
        self.base = base
        self.cap = cap
    }

    /// For the loops of a service, so that a server that is down does not make them spin: 100 ms to 5 s.
    public static let loop = Backoff(base: .milliseconds(100), cap: .seconds(5))

    /// The longest delay before retry number `attempt`.
    /// - Parameter attempt: from 0.
    public func ceiling(attempt: Int) -> Duration {
        // 2^30 times any base is beyond every sensible cap; more would overflow.
        min(cap, base * (1 << min(max(attempt, 0), 30)))
    }

    /// The delay before retry number `attempt`.
    /// - Parameters:
    ///   - attempt: from 0.
    ///   - random: uniform in 0...1.
    public func delay(attempt: Int, random: Double) -> Duration { ceiling(attempt: attempt) * random }

    /// The delay before retry number `attempt`, with the system's random numbers.
    /// - Parameter attempt: from 0.
    public func delay(attempt: Int) -> Duration { delay(attempt: attempt, random: Jitter.shared.next()) }
}
