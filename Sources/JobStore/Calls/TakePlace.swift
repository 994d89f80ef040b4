import ExportCore
import Redis

extension StoreScript {
    /// | argument | meaning |
    /// |---|---|
    /// | id | the job |
    /// | tenant | its tenant |
    ///
    /// | reply | meaning |
    /// |---|---|
    /// | isTaken | 1, or 0 when the provider's exports in flight are not limited |
    static let takePlace = StoreScript("take_place", PackageResources.take_place_lua, arguments: "id, tenant", reply: "isTaken")
}

extension JobStore {
    /// An export continues to run at its provider, and counts among those in flight where they are limited.
    public func takePlace(of id: JobID, provider: String, tenant: String) async throws(JobStoreError) {
        _ = try await run(.takePlace, provider: provider, [.string(id.text), .string(tenant)])
    }

    /// An export no longer runs at its provider: another one may. One command, so it needs no script.
    public func releasePlace(of id: JobID, provider: String) async throws(JobStoreError) {
        _ = try await send("release a place", [["ZREM", Keys.provider(provider, .inflight), .string(id.text)]])
    }
}
