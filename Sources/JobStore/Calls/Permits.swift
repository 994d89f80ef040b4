import ExportCore
import Redis

extension StoreScript {
    /// | argument | meaning |
    /// |---|---|
    /// | what | which of the provider's rates |
    /// | number | the number of permits |
    /// | rate | a second |
    /// | burst | permits that may be used at once |
    ///
    /// | reply | meaning |
    /// |---|---|
    /// | granted | how many may start now |
    /// | first | ms until the first of the others may ask again |
    /// | interval | microseconds from one of the others to the next |
    static let permits = StoreScript(
        "permits", PackageResources.permits_lua, arguments: "what, number, rate, burst", reply: "granted, first, interval")
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
        let reply = try await run(
            .permits, provider: provider,
            ["checks", .integer(Int64(number)), .string("\(rate.perSecond)"), .integer(Int64(rate.allowance))])
        return Permits(
            granted: Int(try reply.element("granted").integer), first: .milliseconds(try reply.element("first").integer),
            interval: .microseconds(try reply.element("interval").integer))
    }
}
