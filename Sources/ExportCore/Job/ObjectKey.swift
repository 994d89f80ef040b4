import Encoding

/// The keys of a job's objects: `PROVIDER/YYYY-MM-DD/JOBID/NAME`, with the date of the job's creation in UTC. The storage adds its own
/// prefix in front.
public struct ObjectKey: Sendable, Equatable {
    /// `PROVIDER/YYYY-MM-DD/JOBID`
    public let folder: String

    public static let manifestName = "manifest.json"

    public init(_ job: Job) { self.init(provider: job.request.provider, createdAt: job.createdAt, job: job.id) }

    /// - Parameter createdAt: of the job, in milliseconds since 1970.
    public init(provider: String, createdAt: Int64, job: JobID) {
        folder = "\(provider)/\(UTCTime(milliseconds: createdAt).date)/\(job.text)"
    }

    /// Written last: its presence means that the job is complete.
    public var manifest: String { "\(folder)/\(Self.manifestName)" }

    /// - Parameter name: as the worker's `ObjectNames` returned it.
    public func object(_ name: String) -> String { "\(folder)/\(name)" }
}
