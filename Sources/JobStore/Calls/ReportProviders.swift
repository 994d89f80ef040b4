import Redis

extension StoreScript {
    /// | argument | meaning |
    /// |---|---|
    /// | timeout | ms after which a name that nobody has reported is forgotten |
    /// | name | of a provider |
    /// | about | members of the JSON that is kept, each with a comma in front |
    ///
    /// | reply | meaning |
    /// |---|---|
    /// | known | the number of names that are known now |
    static let reportProviders = StoreScript(
        "report_providers", PackageResources.report_providers_lua, arguments: "timeout; each: name, about", reply: "known")
}

extension Membership {
    /// Reports the providers of this member, so that submitters can check names. A name that no living member has is forgotten.
    /// - Parameter providers: for each name the schema of its parameters as JSON, if it has one.
    public func report(providers: [String: String?]) async throws(JobStoreError) {
        var arguments: [RedisArgument] = [.integer(timeout.milliseconds * KnownProviders.timeouts)]
        for (name, schema) in providers { arguments += [.string(name), .string(schema.map { ",\"parameters\":\($0)" } ?? "")] }
        _ = try await redis.run(.reportProviders, key: Keys.global(.providers), arguments)
    }
}
