import Redis

extension StoreScript {
    /// | argument | meaning |
    /// |---|---|
    /// | limit | the most versions that are kept |
    /// | version | of the provider file |
    /// | text | the file |
    ///
    /// | reply | meaning |
    /// |---|---|
    /// | removed | how many versions were forgotten: those that were not used for the longest time |
    static let keepPlan = StoreScript("keep_plan", PackageResources.keep_plan_lua, arguments: "limit, version, text", reply: "removed")
}

extension JobStore {
    /// Keeps a version of a provider file, for the jobs that are created with it, or says again that it is used.
    public func keepPlan(_ text: String, version: String, of provider: String) async throws(JobStoreError) {
        _ = try await run(.keepPlan, provider: provider, key: .plans, [.integer(Self.mostPlans), .string(version), .string(text)])
    }

    /// The text of a version of a provider file; `nil` if it is not kept any more.
    public func plan(_ version: String, of provider: String) async throws(JobStoreError) -> String? {
        try await send("plan", [["HGET", Keys.provider(provider, .plans), .string("text:\(version)")]])[0].optional?.string
    }

    private static let mostPlans: Int64 = 100
}
