/// Exponential backoff with full jitter: a delay is drawn evenly from zero to `min(cap, base · 2^attempt)`, so that many
/// clients of a broker that comes back do not arrive together
/// (M. Brooker, "Exponential Backoff and Jitter", AWS Architecture Blog, 2015).
public struct Backoff: Sendable, Equatable {
    public var base: Duration
    public var cap: Duration

    public init(base: Duration, cap: Duration) {
        self.base = base
        self.cap = cap
    }

    /// The longest delay before attempt number `attempt`, counted from 0.
    public func ceiling(attempt: Int) -> Duration { min(cap, base * (1 << min(max(attempt, 0), 30))) }

    public func delay(attempt: Int, using generator: inout some RandomNumberGenerator) -> Duration {
        ceiling(attempt: attempt) * Double.random(in: 0...1, using: &generator)
    }

    func delay(attempt: Int) -> Duration {
        var generator = SystemRandomNumberGenerator()
        return delay(attempt: attempt, using: &generator)
    }
}
