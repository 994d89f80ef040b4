import ExportCore
import Redis

extension StoreScript {
    /// | argument | meaning |
    /// |---|---|
    /// | priority | high, normal or low |
    /// | tenant | the tenant |
    /// | place | where the job's last turn has put it |
    /// | id | the job |
    ///
    /// | reply | meaning |
    /// |---|---|
    /// | left | the number of jobs that have left the line |
    static let leaveLine = StoreScript(
        "leave_line", PackageResources.leave_line_lua, arguments: "each: priority, tenant, place, id", reply: "left")
}

extension JobStore {
    /// Takes jobs out of the download line that had no listed file left in their turn. A job that was lined up again meanwhile stays.
    /// - Parameter turns: the last turn of each.
    /// - Returns: how many have left.
    @discardableResult
    public func leaveLine(_ turns: [DownloadTurn]) async throws(JobStoreError) -> Int {
        let arguments = turns.flatMap {
            [RedisArgument.string($0.priority.rawValue), .string($0.tenant), .integer($0.place), .string($0.id.text)]
        }
        return Int(try await run(.leaveLine, arguments).element("left").integer)
    }
}
