import Redis

extension StoreScript {
    /// | argument | meaning |
    /// |---|---|
    /// | what | which of the rates |
    /// | permits | the number of permits |
    /// | rate | a second |
    ///
    /// | reply | meaning |
    /// |---|---|
    /// | returned | 1, or 0 when none are used |
    static let returnPermits = StoreScript(
        "return_permits", PackageResources.return_permits_lua, arguments: "what, permits, rate", reply: "returned")
}
