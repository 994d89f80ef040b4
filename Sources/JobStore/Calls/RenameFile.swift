import ExportCore
import Redis

extension StoreScript {
    /// | argument | meaning |
    /// |---|---|
    /// | id | the job |
    /// | file | the file's index |
    /// | from | kind and token of the state as it was claimed |
    /// | name | that its download tells |
    ///
    /// | reply | meaning |
    /// |---|---|
    /// | name | that it has now, unique within the job; empty when the lease is lost |
    static let renameFile = StoreScript(
        "rename_file", PackageResources.rename_file_lua, arguments: "id, file, from, name", reply: "name")
}

extension JobStore {
    /// Gives a file a name that only its download tells. Every attempt may ask again, also for another name: it gets the first one.
    /// - Parameter name: safe as a path.
    /// - Returns: the name, with the file's index in front if another file has it; `nil` when the lease is lost.
    public func renameFile(_ claimed: ClaimedFile, to name: String) async throws(JobStoreError) -> String? {
        let reply = try await run(
            .renameFile, on: claimed.job.id,
            [.string(claimed.job.id.text), .integer(Int64(claimed.index)), .string(claimed.state.mark), .string(name)])
        let given = try reply.element("name").string
        return given.isEmpty ? nil : given
    }
}
