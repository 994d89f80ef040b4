import Encoding
import ExportCore
import Foundation
import JobStore

/// A job as commands print it.
struct JobDescription {
    let job: Job

    static func time(_ milliseconds: Int64?) -> String {
        milliseconds.map { UTCTime(milliseconds: $0).dateAndTime } ?? "–"
    }

    static func colour(_ status: JobStatus) -> Terminal.Colour {
        switch status {
        case .completed: .green
        case .failed: .red
        case .polling: .blue
        case .pending: .grey
        case .ready, .processing: .yellow
        }
    }

    /// The members of the `--json` output, named as in the job hash.
    var members: [String: Any] {
        var members: [String: Any] = [
            "exportJobId": job.id.text, "provider": job.request.provider, "status": job.state.status.rawValue,
            "attempts": job.state.attempts,
            "priority": job.request.priority.rawValue, "tenant": job.request.tenant, "correlationId": job.request.correlationID,
            "version": job.version,
            "createdAt": job.createdAt, "filesTotal": job.state.filesTotal, "filesDone": job.state.filesDone,
            "parameters": Self.object(job.request.parameters),
        ]
        members["lastPollAt"] = job.lastPollAt
        members["nextPollAt"] = job.nextPollAt
        members["expiresAt"] = job.expiresAt
        members["errorCode"] = job.error?.code
        members["errorMessage"] = job.error?.message
        let handle = job.exportHandle.map { ExportHandle($0) }
        members["export"] = handle.map { Self.object($0.values) }
        members["partial"] = handle?.partial
        members["step"] = handle?.step.map { $0 + 1 }
        members["webhook"] = job.request.webhook
        if job.state.filesFailed > 0 { members["filesFailed"] = job.state.filesFailed }
        if job.state.creation > 0 { members["creation"] = job.state.creation }
        if job.isCancelRequested { members["cancelRequested"] = true }
        if job.mayBeCreatedTwice { members["createdTwice"] = "possible" }
        members["resumeAt"] = job.state.resumeAt?.rawValue
        return members
    }

    private static func object(_ text: String) -> Any {
        (try? JSONSerialization.jsonObject(with: Data(text.utf8))) ?? text  // text that is not JSON is shown as it is
    }

    /// One line of JSON.
    static func json(_ members: Any) -> String {
        guard let data = try? JSONSerialization.data(withJSONObject: members, options: [.sortedKeys, .withoutEscapingSlashes]) else {
            return "{}"
        }
        return String(decoding: data, as: UTF8.self)
    }
}
