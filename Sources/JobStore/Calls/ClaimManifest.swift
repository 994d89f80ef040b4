import ExportCore
import Redis

extension StoreScript {
    /// | argument | meaning |
    /// |---|---|
    /// | id | the job |
    /// | lease | ms that the claim lasts |
    /// | counting | 1, 0 or -1, see `ManifestCount` |
    ///
    /// | reply | meaning |
    /// |---|---|
    /// | now | the store's clock |
    /// | id | the job, if it was claimed |
    /// | job | its hash |
    static let claimManifest = StoreScript(
        "claim_manifest", PackageResources.claim_manifest_lua, arguments: "id, lease, counting", reply: "now; each: id, job")
}

/// What a claim counts against the attempts at a manifest.
public enum ManifestCount: Int64, Sendable {
    case one = 1
    case nothing = 0
    case lessOne = -1
}

extension JobStore {
    /// Claims a job whose files are all stored or given up, for its manifest.
    /// - Parameter counting: what the attempt counts: `.nothing` while it continues, `.lessOne` when it failed by no fault of its own.
    /// - Returns: `nil` when there is nothing to do: files are missing, or the job has ended.
    public func claimManifest(of id: JobID, lease: Duration, counting: ManifestCount = .one) async throws(JobStoreError) -> Job? {
        try await run(.claimManifest, on: id, [.string(id.text), .integer(lease.milliseconds), .integer(counting.rawValue)]).jobs.first
    }
}
