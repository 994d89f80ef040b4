import Encoding

/// The keys of a job's objects: `PROVIDER/YYYY-MM-DD/JOBID/NAME`, with the date of the job's creation in UTC. The storage adds its own
/// prefix in front.
public struct ObjectKey: Sendable, Equatable {
    /// `PROVIDER/YYYY-MM-DD/JOBID`
    public let folder: String

    public static let manifestName = "manifest.json"
    public static let historyName = "history.ndjson"

    public init(_ job: Job) { self.init(provider: job.request.provider, createdAt: job.createdAt, job: job.id) }

    /// - Parameter createdAt: of the job, in milliseconds since 1970.
    public init(provider: String, createdAt: Int64, job: JobID) {
        self.init(provider: provider, day: UTCTime(milliseconds: createdAt).date, job: job)
    }

    /// - Parameter day: `YYYY-MM-DD` in UTC.
    public init(provider: String, day: String, job: JobID) { folder = "\(provider)/\(day)/\(job.text)" }

    /// Written last: its presence means that the job is complete.
    public var manifest: String { "\(folder)/\(Self.manifestName)" }

    /// What happened to the job, written after its end.
    public var history: String { "\(folder)/\(Self.historyName)" }

    /// - Parameter name: as the worker's `ObjectNames` returned it.
    public func object(_ name: String) -> String { "\(folder)/\(name)" }
}
