import ExportCore
import Redis

extension StoreScript {
    /// | argument | meaning |
    /// |---|---|
    /// | what | which of the provider's rates |
    /// | number | the number of requests |
    /// | weight | permits that each needs |
    /// | rate | a second |
    /// | burst | permits that may be used at once |
    /// | queues | 1: those that get none are told when to ask again, each its own time; 0: they wait elsewhere |
    ///
    /// | reply | meaning |
    /// |---|---|
    /// | granted | how many may start now |
    /// | first | ms until the first of the others may ask again |
    /// | interval | microseconds from one of the others to the next |
    static let permits = StoreScript(
        "permits", PackageResources.permits_lua, arguments: "what, number, weight, rate, burst, queues", reply: "granted, first, interval")
}

/// Permits of a rate that were asked for.
public struct Permits: Sendable, Equatable {
    /// How many requests may start now.
    public var granted: Int
    /// When the others ask again: the first of them after `first`, each of the next `interval` later.
    public var first: Duration
    public var interval: Duration
}

extension JobStore {
    /// Asks for permits to check exports of a provider. All orchestrators share its rate.
    public func checkPermits(_ number: Int, provider: String, rate: Rate) async throws(JobStoreError) -> Permits {
        try await permits("checks", number, weight: 1, rate, queues: true, Keys.provider(provider, .rates))
    }

    /// Gives back permits of checks that are not sent.
    public func giveBackChecks(_ number: Int, provider: String, rate: Rate) async throws(JobStoreError) {
        try await giveBack("checks", number, rate, Keys.provider(provider, .rates))
    }

    /// Asks for what requests cost of a budget, which all processes share.
    /// - Parameters:
    ///   - weight: what each costs, at least 1.
    ///   - queues: whether those that get nothing ask again one by one.
    public func draw(
        _ number: Int, weight: Int, from budget: RequestBudget, of provider: String, queues: Bool
    ) async throws(JobStoreError) -> Permits {
        try await permits("requests", number, weight: weight, budget.rate, queues: queues, Keys.budget(budget, of: provider))
    }

    /// Gives back what was drawn from a budget and not used.
    public func giveBack(_ permits: Int, to budget: RequestBudget, of provider: String) async throws(JobStoreError) {
        try await giveBack("requests", permits, budget.rate, Keys.budget(budget, of: provider))
    }

    private func giveBack(_ what: RedisArgument, _ permits: Int, _ rate: Rate, _ key: RedisArgument) async throws(JobStoreError) {
        _ = try await redis.run(.returnPermits, key: key, [what, .integer(Int64(permits)), .string("\(rate.perSecond)")])
    }

    private func permits(
        _ what: RedisArgument, _ number: Int, weight: Int, _ rate: Rate, queues: Bool, _ key: RedisArgument
    ) async throws(JobStoreError) -> Permits {
        let reply = try await redis.run(
            .permits, key: key,
            [
                what, .integer(Int64(number)), .integer(Int64(weight)), .string("\(rate.perSecond)"), .integer(Int64(rate.allowance)),
                queues ? 1 : 0,
            ])
        return Permits(
            granted: Int(try reply.element("granted").integer), first: .milliseconds(try reply.element("first").integer),
            interval: .microseconds(try reply.element("interval").integer))
    }
}
