/// What a provider's answers say about the requests that are left until its budget begins again.
public struct RateBudget: Sendable, Equatable {
    public var remaining: Int
    /// The size of the budget.
    public var limit: Int?
    /// The time until it begins again.
    public var reset: Duration

    public init(remaining: Int, limit: Int? = nil, reset: Duration) {
        self.remaining = remaining
        self.limit = limit
        self.reset = reset
    }
}

extension ProviderClient {
    public func takeBudget() -> RateBudget? { nil }
}
extension CheckAnswer {
    public var budget: RateBudget? { nil }
}

extension ProviderClient {
    public func reloadSecrets() -> Bool { false }
}
