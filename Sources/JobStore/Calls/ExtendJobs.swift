import ExportCore
import Redis

extension StoreScript {
    /// | argument | meaning |
    /// |---|---|
    /// | lease | ms until the timers fire |
    /// | id | a job |
    /// | version | the version that the caller knows |
    ///
    /// | reply | meaning |
    /// |---|---|
    /// | extended | the number of timers that moved |
    static let extendJobs = StoreScript(
        "extend_jobs", PackageResources.extend_jobs_lua, arguments: "lease; each: id, version", reply: "extended")
}

extension JobStore {
    /// The heartbeat of jobs that the caller works on: their timers move forward where the versions are current.
    public func extend(_ jobs: [(id: JobID, version: Int64)], lease: Duration) async throws(JobStoreError) {
        for (partition, members) in Dictionary(grouping: jobs, by: { partition(of: $0.id) }) {
            // A script runs alone: what it does at once is bounded.
            for start in stride(from: 0, to: members.count, by: 200) {
                var arguments: [RedisArgument] = [.integer(lease.milliseconds)]
                for job in members[start..<min(start + 200, members.count)] { arguments += [.string(job.id.text), .integer(job.version)] }
                _ = try await run(.extendJobs, partition: partition, arguments)
            }
        }
    }
}
