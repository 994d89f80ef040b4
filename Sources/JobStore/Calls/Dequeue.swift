import ExportCore
import Redis

extension StoreScript {
    /// | argument | meaning |
    /// |---|---|
    /// | priority | high, normal or low |
    /// | tenant | the tenant |
    /// | id | the job |
    ///
    /// | reply | meaning |
    /// |---|---|
    /// | removed | 1, or 0 when the job was not in the list |
    static let dequeue = StoreScript("dequeue", PackageResources.dequeue_lua, arguments: "priority, tenant, id", reply: "removed")
}

extension JobStore {
    /// Takes a job out of its waiting list.
    func dequeue(_ id: JobID, provider: String, priority: String, tenant: String) async throws(JobStoreError) {
        _ = try await run(.dequeue, provider: provider, [.string(priority), .string(tenant), .string(id.text)])
    }
}
