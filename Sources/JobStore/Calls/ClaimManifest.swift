import ExportCore
import Redis

extension StoreScript {
    /// | argument | meaning |
    /// |---|---|
    /// | id | the job |
    /// | lease | ms that the claim lasts |
    /// | counting | 1, 0 or -1, see `ManifestCount` |
    /// | export | the job's `creation` and `attemptsBase` by the claim that goes on; empty: a new claim |
    /// | actor | who does it, for the history; empty: nobody is named |
    ///
    /// | reply | meaning |
    /// |---|---|
    /// | now | the store's clock |
    /// | id | the job, if it was claimed |
    /// | job | its hash |
    static let claimManifest = StoreScript(
        "claim_manifest", PackageResources.claim_manifest_lua, arguments: "id, lease, counting, export, actor", reply: "now; each: id, job")
}

/// What a claim counts against the attempts at a manifest.
public enum ManifestCount: Int64, Sendable {
    case one = 1
    case nothing = 0
    case lessOne = -1
}

extension JobStore {
    /// Claims a job whose files are all stored or given up, for its manifest.
    /// - Returns: `nil` when there is nothing to do: files are missing, or the job has ended.
    public func claimManifest(of id: JobID, lease: Duration, counting: ManifestCount = .one) async throws(JobStoreError) -> Job? {
        try await claimManifest(id, lease, counting, export: "")
    }

    /// Goes on with a claim. What the claimant has read stays true: other claims change nothing of it, a retry and a new export do.
    /// - Parameters:
    ///   - claimed: the job as an earlier claim returned it.
    ///   - counting: `.nothing` while the attempt continues, `.lessOne` when it failed by no fault of its own.
    /// - Returns: `nil` when the job has ended, or was retried or started again since.
    public func renewManifestClaim(of claimed: Job, lease: Duration, counting: ManifestCount = .nothing) async throws(JobStoreError) -> Job?
    {
        try await claimManifest(claimed.id, lease, counting, export: "\(claimed.state.creation) \(claimed.attemptsBase)")
    }

    private func claimManifest(_ id: JobID, _ lease: Duration, _ counting: ManifestCount, export: String) async throws(JobStoreError)
        -> Job?
    {
        let arguments: [RedisArgument] = [
            .string(id.text), .integer(lease.milliseconds), .integer(counting.rawValue), .string(export), .string(actor),
        ]
        return try await run(.claimManifest, on: id, arguments).jobs.first
    }
}
