import ExportCore
import Redis

extension StoreScript {
    /// | argument | meaning |
    /// |---|---|
    /// | priority | high, normal or low |
    /// | limit | the most turns of this priority |
    ///
    /// | reply | meaning |
    /// |---|---|
    /// | priority | of the job |
    /// | tenant | of the job |
    /// | place | where the job stands from now on |
    /// | id | the job |
    static let nextTurns = StoreScript(
        "next_turns", PackageResources.next_turns_lua, arguments: "each: priority, limit", reply: "each: priority, tenant, place, id")
}

/// The turn of a job in the download line.
public struct DownloadTurn: Sendable, Equatable {
    public var id: JobID
    public var priority: JobPriority
    public var tenant: String
    /// Where the job stands in the line since this turn.
    public var place: Int64
}

extension JobStore {
    /// Gives turns to jobs of the download line: in turns among tenants, and within a tenant among its jobs. A job that is alone gets
    /// several. The jobs stay in the line until `leaveLine`.
    /// - Parameter limits: the most turns of each priority.
    /// - Returns: the turns in their order; none of a priority whose line is empty.
    public func nextTurns(_ limits: [JobPriority: Int]) async throws(JobStoreError) -> [DownloadTurn] {
        let arguments = limits.flatMap { [RedisArgument.string($0.key.rawValue), .integer(Int64($0.value))] }
        let reply = try await run(.nextTurns, arguments)
        var turns: [DownloadTurn] = []
        for item in try reply.items {
            let start = item.startIndex
            guard let priority = item[start].text.flatMap(JobPriority.init), let tenant = item[start + 1].text,
                let place = item[start + 2].int, let id = item[start + 3].text.flatMap(JobID.init)
            else { throw reply.unexpected }
            turns.append(DownloadTurn(id: id, priority: priority, tenant: tenant, place: place))
        }
        return turns
    }
}
