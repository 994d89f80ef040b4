import ExportCore
import JobStore

/// A claim of a job for its manifest. Besides the job it knows since when the claim is certainly held, which decides when it must be
/// renewed, and the objects that the claimant has just stored itself and need not read.
struct ManifestClaim: Sendable {
    private(set) var job: Job
    /// All objects of the job; `nil`: they must be read.
    let objects: [StoredObject]?
    /// Before the request that was granted.
    private var requestedAt: ContinuousClock.Instant
    private let lease: Duration

    /// - Parameter requestedAt: before the request that granted the claim.
    init(_ job: Job, requestedAt: ContinuousClock.Instant, lease: Duration, objects: [StoredObject]? = nil) {
        self.job = job
        self.requestedAt = requestedAt
        self.lease = lease
        self.objects = objects
    }

    var isFresh: Bool { .now - requestedAt < FileLease.freshTime }

    /// Whether a third of the lease has passed.
    var isRenewalDue: Bool { .now - requestedAt > lease / 3 }

    /// - Returns: `false` when the job no longer waits for this manifest: it has ended, or was retried or started again.
    mutating func renew(in store: JobStore) async throws(JobStoreError) -> Bool {
        requestedAt = .now
        guard let renewed = try await store.renewManifestClaim(of: job, lease: lease) else { return false }
        job = renewed
        return true
    }
}
