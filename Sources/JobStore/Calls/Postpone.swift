import ExportCore
import Redis

extension StoreScript {
    /// | argument | meaning |
    /// |---|---|
    /// | delay | ms until the timers fire |
    /// | id | a job |
    /// | version | the version that the caller knows |
    ///
    /// | reply | meaning |
    /// |---|---|
    /// | postponed | the number of jobs whose version was current |
    static let postpone = StoreScript("postpone", PackageResources.postpone_lua, arguments: "delay; each: id, version", reply: "postponed")
}

extension JobStore {
    /// Withdraws claims that could not be handled: their timers fire again after `delay`, and the claims do not count.
    public func postpone(_ jobs: [(id: JobID, version: Int64)], by delay: Duration) async throws(JobStoreError) {
        for (partition, members) in Dictionary(grouping: jobs, by: { partition(of: $0.id) }) {
            var arguments: [RedisArgument] = [.integer(delay.milliseconds)]
            for job in members { arguments += [.string(job.id.text), .integer(job.version)] }
            _ = try await run(.postpone, partition: partition, arguments)
        }
    }
}
