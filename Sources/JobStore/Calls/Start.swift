import ExportCore
import Redis

extension StoreScript {
    /// | argument | meaning |
    /// |---|---|
    /// | lease | ms that the claims last |
    /// | actor | who does it, for the history; empty: nobody is named |
    /// | id | a job that was taken |
    ///
    /// | reply | meaning |
    /// |---|---|
    /// | now | the store's clock |
    /// | id | a job that was claimed |
    /// | job | its hash; of fields with one name the last is current |
    static let start = StoreScript("start", PackageResources.start_lua, arguments: "lease, actor; each: id", reply: "now; each: id, job")
}

extension JobStore {
    /// Claims taken jobs, for their creation. Jobs that somebody else has claimed, or that are not due yet, are left out.
    public func start(_ ids: [JobID], lease: Duration) async throws(JobStoreError) -> [ClaimedJob] {
        let started = try await eachPartition(of: ids) { (partition, members) throws(JobStoreError) in
            let arguments = [.integer(lease.milliseconds), .string(actor)] + members.map { RedisArgument.string(ids[$0].text) }
            return try await run(.start, partition: partition, arguments).jobs.map(\.claimed)
        }
        // In the order in which they were taken, which is that of priorities and turns.
        var byID = Dictionary(started.joined().map { ($0.id, $0) }) { first, _ in first }
        return ids.compactMap { byID.removeValue(forKey: $0) }
    }
}

extension Reply {
    /// The jobs of a reply `now; each: id, job`.
    var jobs: [Job] {
        get throws(JobStoreError) {
            let now = try element("now").integer
            var jobs: [Job] = []
            for item in try items {
                let id = try Reply(item[item.startIndex], attempted).string, hash = Reply(item[item.startIndex + 1], attempted)
                guard let id = JobID(id), let job = Job(id, hash: try hash.hash, now: now) else { throw hash.unexpected }
                jobs.append(job)
            }
            return jobs
        }
    }
}
