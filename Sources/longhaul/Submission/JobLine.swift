import Encoding
import ExportCore
import JobMessages
import ProviderAPI

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
        try refuseUnknownMembers()
        // What is sent may be longer than the line: it names id and priority.
        return try JobMessage.decode(JobMessage.encode(request), JobMessage.Envelope(id: request.id))
    }

    /// The intake ignores members that a later version may define. Here they are more likely typing errors.
    private func refuseUnknownMembers() throws(JobMessageError) {
        let names = SortedJSON.members(text, .asWritten)?.keys.sorted() ?? []
        guard let name = names.first(where: { !JobMessage.members.contains($0) }) else { return }
        let fix = Spelling.nearest(to: name, in: JobMessage.members).map { "did you mean \"\($0)\"?" }
        let known = "known are \(JobMessage.members.joined(separator: ", "))"
        throw JobMessageError(code: "bad-field", message: "unknown member \"\(name.prefix(64))\"; \(fix ?? known)")
    }
}
