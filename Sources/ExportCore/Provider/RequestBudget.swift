/// A rate that all requests to a provider share, or all requests of an account that several providers use.
public struct RequestBudget: Sendable, Equatable {
    /// What the providers that share it call it; `nil`: the provider's own.
    public let account: String?
    public let rate: Rate
    public let weights: RequestWeights

    /// A rate allows at least the heaviest request at once.
    public init(account: String?, rate: Rate, weights: RequestWeights) {
        self.account = account
        self.rate = Rate(perSecond: rate.perSecond, burst: max(rate.allowance, weights.heaviest))
        self.weights = weights
    }
}

/// What a request of each kind costs of its budget.
public struct RequestWeights: Sendable, Equatable {
    public var create = 1, check = 1, list = 1, cancel = 1
    /// Files mostly come from other hosts.
    public var download = 0

    public init() {}

    public subscript(kind: RequestKind) -> Int {
        switch kind {
        case .create: create
        case .check: check
        case .list: list
        case .cancel: cancel
        case .download: download
        }
    }

    var heaviest: Int { max(create, check, list, cancel, download) }
}
