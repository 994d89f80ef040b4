import ExportCore

/// A job as it was claimed for its manifest.
struct ManifestClaim: Sendable {
    var job: ExportJob
    /// Before the request that was granted.
    var at: ContinuousClock.Instant
    /// All objects of the job, for whoever has just stored them; `nil`: they are to be read.
    var objects: [StoredObject]?

    var isFresh: Bool { .now - at < FileLease.freshTime }
}
