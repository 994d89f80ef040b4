import ExportCore
import ObjectStorage

/// Where the objects of a job are.
struct ObjectsLocation {
    /// `s3://bucket/prefix/PROVIDER/DATE/JOBID/`; without LONGHAUL_OUTPUT only the part below it.
    let url: String
    let isComplete: Bool
    private let mayHaveObjects: Bool

    init(_ job: Job, _ settings: Settings) {
        let folder = ObjectKey(job).folder + "/"
        // A value that is wrong or missing here is no reason not to show the job; `longhaul doctor` reports it.
        let output = (try? settings.text("LONGHAUL_OUTPUT")).flatMap { $0 }.flatMap { try? StorageLocation($0) }
        url = output.map { "\($0.description)/\(folder)" } ?? folder
        isComplete = job.state.status == .completed
        mayHaveObjects = isComplete || job.state.filesTotal > 0
        isKnown = output != nil
    }

    private let isKnown: Bool

    var text: String {
        guard mayHaveObjects else { return "–" }
        let place = isKnown ? url : "\(url) below LONGHAUL_OUTPUT, which is not set here"
        return isComplete ? place : "\(place) (so far)"
    }
}
