import ExportCore
import Redis

extension StoreScript {
    /// | argument | meaning |
    /// |---|---|
    /// | createsPerSecond | 0: no limit |
    /// | permits | the number of creates to give back |
    /// | entry | a taken job, as `take` returned it |
    /// | freed | the id of a job whose place in flight is freed; empty: it keeps its place |
    ///
    /// | reply | meaning |
    /// |---|---|
    /// | settled | the number of jobs |
    static let settle = StoreScript(
        "settle", PackageResources.settle_lua, arguments: "createsPerSecond, permits; each: entry, freed", reply: "settled")
}

extension JobStore {
    /// Ends the taking of jobs. Those that were not started give back their permits, and their places where no export of theirs runs.
    public func settle(
        _ taken: [WaitingJob], started: Set<JobID>, from provider: String, limits: StartLimits
    ) async throws(JobStoreError) {
        let left = taken.filter { !started.contains($0.id) }.map(\.id)
        let freed = !limits.countsPlaces || left.isEmpty ? [] : Set(try await notInFlight(among: left))
        var arguments = [limits.createsPerSecond, .integer(Int64(left.count))]
        for job in taken {
            arguments.append(.string(job.entry))
            arguments.append(.string(freed.contains(job.id) ? job.id.text : ""))
        }
        _ = try await run(.settle, provider: provider, arguments)
    }
}
