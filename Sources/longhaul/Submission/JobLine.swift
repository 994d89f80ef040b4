import ExportCore
import JobMessages

/// A job as it is submitted: a job message, and where it comes from.
struct JobLine {
    let source: String
    /// `nil` for the only job of a command line.
    let number: Int?
    let text: String

    /// `jobs.ndjson, line 3`; empty for the command line.
    var place: String { number.map { "\(source), line \($0)" } ?? source }

    /// The request that is about to be sent, decoded by the rules of the intake.
    func request() throws(JobMessageError) -> JobRequest {
        let request = try JobMessage.decode(Array(text.utf8))
        // What is sent may be longer than the line: it names id and priority.
        return try JobMessage.decode(JobMessage.encode(request), JobMessage.Envelope(id: request.id))
    }
}
