import Encoding
import ExportCore

/// Where a job's objects stand in the storage: `PROVIDER/YYYY-MM-DD/JOBID/NAME`, the date being that of the job's creation in UTC. The
/// storage puts its own prefix in front.
struct ObjectKey: Sendable, Equatable {
    /// `PROVIDER/YYYY-MM-DD/JOBID`
    let folder: String

    static let manifestName = "manifest.json"

    init(_ job: ExportJob) {
        folder = "\(job.provider)/\(UTCTime(milliseconds: job.createdAt).date)/\(job.id.text)"
    }

    /// Written last: its presence means that the job is complete.
    var manifest: String { "\(folder)/\(Self.manifestName)" }

    /// The key of an object by its name, which must be one of `ObjectNames`.
    func object(_ name: String) -> String { "\(folder)/\(name)" }
}
