import Encoding
import ExportCore

/// The keys of a job's objects: `PROVIDER/YYYY-MM-DD/JOBID/NAME`, with the date of the job's creation in UTC. The storage adds its own
/// prefix in front.
struct ObjectKey: Sendable, Equatable {
    /// `PROVIDER/YYYY-MM-DD/JOBID`
    let folder: String

    static let manifestName = "manifest.json"

    init(_ job: Job) {
        folder = "\(job.request.provider)/\(UTCTime(milliseconds: job.createdAt).date)/\(job.id.text)"
    }

    /// Written last: its presence means that the job is complete.
    var manifest: String { "\(folder)/\(Self.manifestName)" }

    /// - Parameter name: as `ObjectNames` returned it.
    func object(_ name: String) -> String { "\(folder)/\(name)" }
}
