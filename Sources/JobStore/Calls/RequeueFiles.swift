import ExportCore
import Redis

extension StoreScript {
    /// | argument | meaning |
    /// |---|---|
    /// | id | the job |
    /// | file | a file's index |
    /// | from | the state exactly as it was read |
    /// | state | the decided state |
    /// | delay | ms until the file's timer fires; -1: it is removed |
    ///
    /// | reply | meaning |
    /// |---|---|
    /// | file | a file that was changed |
    static let requeueFiles = StoreScript(
        "requeue_files", PackageResources.requeue_files_lua, arguments: "id; each: file, from, state, delay", reply: "each: file")
}

extension JobStore {
    /// Stores decisions on files that nobody has claimed: their timer fired, or their message seems lost. Each is stored if the file is
    /// exactly as the decision found it, and its job still transfers files.
    /// - Returns: the indices of the files that were changed.
    public func requeueFiles(
        of id: JobID, _ changes: [(index: Int, from: FileState, decision: FileDecision)]
    ) async throws(JobStoreError) -> [Int] {
        var changed: [Int] = []
        // A script runs alone: what it does at once is bounded.
        for start in stride(from: 0, to: changes.count, by: 500) {
            var arguments: [RedisArgument] = [.string(id.text)]
            for change in changes[start..<min(start + 500, changes.count)] {
                arguments.append(.integer(Int64(change.index)))
                arguments.append(.string(change.from.text))
                arguments.append(.string(change.decision.state.text))
                arguments.append(.integer(change.decision.timer.delay))
            }
            for element in try await run(.requeueFiles, on: id, arguments).elements { changed.append(Int(try element.integer)) }
        }
        return changed
    }
}
