/// Waits between attempts that grow exponentially, with full jitter
/// (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/): each is drawn evenly from zero to
/// `min(cap, base · 2^attempt)`, so that clients that lost the same server do not come back together.
public struct Backoff: Sendable {
    public struct Bounds: Sendable {
        public var base: Duration
        public var cap: Duration
        public init(base: Duration, cap: Duration) {
            self.base = base
            self.cap = cap
        }
    }

    private let bounds: Bounds
    /// Attempts since the last `reset`.
    public private(set) var attempt = 0

    public init(_ bounds: Bounds) { self.bounds = bounds }

    public mutating func next(using generator: inout some RandomNumberGenerator) -> Duration {
        // 2^20 times any base is beyond any cap in use.
        let ceiling = min(bounds.cap, bounds.base * (1 << min(attempt, 20)))
        attempt += 1
        return ceiling * Double.random(in: 0...1, using: &generator)
    }

    public mutating func reset() { attempt = 0 }
}
