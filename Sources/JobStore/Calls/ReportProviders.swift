import Redis

extension StoreScript {
    /// | argument | meaning |
    /// |---|---|
    /// | timeout | ms after which a name that nobody has reported is forgotten |
    /// | name | of a provider |
    ///
    /// | reply | meaning |
    /// |---|---|
    /// | known | the number of names that are known now |
    static let reportProviders = StoreScript(
        "report_providers", PackageResources.report_providers_lua, arguments: "timeout; each: name", reply: "known")
}

extension Membership {
    /// Reports the providers of this member, so that submitters can check names. A name that no living member has is forgotten.
    public func report(providers: [String]) async throws(JobStoreError) {
        let arguments: [RedisArgument] = [.integer(timeout.milliseconds * KnownProviders.timeouts)] + providers.map { .string($0) }
        _ = try await redis.run(.reportProviders, key: Keys.global(.providers), arguments)
    }
}
