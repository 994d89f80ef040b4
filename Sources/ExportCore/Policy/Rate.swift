/// How many requests a second.
public struct Rate: Sendable, Equatable {
    public var perSecond: Double
    /// How many may come at once; `nil`: no more than a second's worth, at least one.
    public var burst: Int?

    public init(perSecond: Double, burst: Int? = nil) {
        self.perSecond = perSecond
        self.burst = burst
    }

    /// How many may come at once.
    public var allowance: Int { burst ?? max(Int(min(perSecond, 1_000_000)), 1) }
}
