import ExportCore
import Redis

extension StoreScript {
    /// | argument | meaning |
    /// |---|---|
    /// | id | the job |
    /// | file | the file's index |
    /// | from | kind and token of the state as it was claimed |
    /// | lease | ms until the file's timer fires |
    ///
    /// | reply | meaning |
    /// |---|---|
    /// | isExtended | 1, or 0 when the lease is lost |
    static let extendFile = StoreScript(
        "extend_file", PackageResources.extend_file_lua, arguments: "id, file, from, lease", reply: "isExtended")
}

extension JobStore {
    /// The heartbeat of a transfer.
    /// - Returns: `false` when the lease is lost, and with it the right to any further effect.
    public func extendFile(_ claimed: ClaimedFile, lease: Duration) async throws(JobStoreError) -> Bool {
        let reply = try await run(
            .extendFile, on: claimed.job.id,
            [.string(claimed.job.id.text), .integer(Int64(claimed.index)), .string(claimed.state.mark), .integer(lease.milliseconds)])
        return try reply.element("isExtended").integer == 1
    }
}
