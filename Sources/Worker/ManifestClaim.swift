import ExportCore

/// A job as it was claimed for its manifest.
struct ManifestClaim: Sendable {
    var job: ExportJob
    /// Before the request that was granted.
    var at: ContinuousClock.Instant
    /// All objects of the job, for whoever has just stored them; `nil`: they are to be read.
    var objects: [StoredObject]?

    var isFresh: Bool { .now - at < Self.freshTime }

    /// A claim that is no older needs no confirmation right before its effect: an answer of the store is about as old before the storage
    /// has done what it allowed.
    static let freshTime = Duration.milliseconds(250)
}
