/// How much longer a provider's intervals are than its policy says, because it throttles or answers slowly: additive increase and
/// multiplicative decrease of the rate (Chiu and Jain 1989), so that the provider is not kept at its limit.
public struct PollPace: Sendable {
    /// The share of the usual rate.
    private var rate = 1.0
    private var slowedAt: ContinuousClock.Instant?
    private var raisedAt: ContinuousClock.Instant?

    private static let decrease = 0.6, slowDecrease = 0.8, increase = 0.05, least = 1.0 / 16
    /// Answers to requests that were under way together count once.
    private static let oneDecrease = Duration.seconds(5)
    private static let eachIncrease = Duration.seconds(10)

    public init() {}

    /// What intervals are multiplied by; 1: nothing is wrong.
    public var stretch: Double { 1 / rate }

    /// Counts an answer.
    /// - Parameters:
    ///   - isThrottled: the API said that there were too many requests.
    ///   - isSlow: it took so long that something is wrong.
    public mutating func answered(isThrottled: Bool, isSlow: Bool, now: ContinuousClock.Instant = .now) {
        if isThrottled || isSlow {
            if let slowedAt, now - slowedAt < Self.oneDecrease { return }
            rate = max(rate * (isThrottled ? Self.decrease : Self.slowDecrease), Self.least)
            (slowedAt, raisedAt) = (now, now)
        } else if rate < 1 {
            let since = raisedAt ?? now
            guard now - since >= Self.eachIncrease else { return }
            rate = min(rate + Self.increase, 1)
            raisedAt = now
        }
    }
}
