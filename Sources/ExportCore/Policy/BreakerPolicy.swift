/// When a provider counts as down, and how it is tried again.
public struct BreakerPolicy: Sendable, Equatable {
    /// The time over which requests are counted.
    public var window: Duration
    /// The least number of requests in the window for a conclusion.
    public var minimumRequests: Int
    /// The share of failed requests at which it opens, 0...1.
    public var failureRatio: Double
    /// The share of slow requests at which it opens, 0...1.
    public var slowRatio: Double
    /// A request that takes longer is slow.
    public var slowAfter: Duration
    /// How long it stays open at first; each time that a probe fails, twice as long as before.
    public var openFor: Duration
    public var longestOpen: Duration
    /// Probes that must succeed one after the other before it closes.
    public var probes: Int
    /// Between two probes of a provider that is held.
    public var heldProbe: Duration

    public init(
        window: Duration = .seconds(60), minimumRequests: Int = 10, failureRatio: Double = 0.5, slowRatio: Double = 0.8,
        slowAfter: Duration = .seconds(20), openFor: Duration = .seconds(15), longestOpen: Duration = .seconds(300), probes: Int = 3,
        heldProbe: Duration = .seconds(60)
    ) {
        self.window = window
        self.minimumRequests = minimumRequests
        self.failureRatio = failureRatio
        self.slowRatio = slowRatio
        self.slowAfter = slowAfter
        self.openFor = openFor
        self.longestOpen = longestOpen
        self.probes = probes
        self.heldProbe = heldProbe
    }
}

/// Numbers of requests by outcome.
public struct RequestTally: Sendable, Equatable, Codable {
    public var requests: Int
    /// Requests without an answer, or answered by a server error: class `transient`.
    public var failures: Int
    public var slow: Int

    public init(requests: Int = 0, failures: Int = 0, slow: Int = 0) {
        self.requests = requests
        self.failures = failures
        self.slow = slow
    }

    public static func += (left: inout RequestTally, right: RequestTally) {
        left.requests += right.requests
        left.failures += right.failures
        left.slow += right.slow
    }
}
