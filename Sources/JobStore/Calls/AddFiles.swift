import ExportCore
import Redis

extension StoreScript {
    /// | argument | meaning |
    /// |---|---|
    /// | id | the job |
    /// | version | the version that the caller knows |
    /// | status | the decided status |
    /// | delay | ms until the job's timer fires |
    /// | counts | attempts, failures and unusableAnswers, separated by tabs |
    /// | cursor | the next page; empty with the last page |
    /// | filesDone | stored files that the caller knows; compared with the last page |
    /// | filesFailed | files given up that the caller knows; compared with the last page |
    /// | atOnce | the files of a job with a lower index are queued, the others listed |
    /// | actor | who does it, for the history; empty: nobody is named |
    /// | name | of a file, as it was listed |
    /// | description | the file as JSON |
    ///
    /// | reply | meaning |
    /// |---|---|
    /// | outcome | added, stale or countsDiffer |
    /// | version | the job's version now |
    /// | filesDone | as stored |
    /// | filesFailed | as stored |
    /// | priority | of the job's request; empty unless added |
    /// | traceparent | of the job's request; empty: none, or not added |
    /// | token | of the files that were added |
    /// | phase | ms for which the job had the status that it leaves; 0 if it stays |
    /// | age | ms since the admission of the job |
    static let addFiles = StoreScript(
        "add_files", PackageResources.add_files_lua,
        arguments: "id, version, status, delay, counts, cursor, filesDone, filesFailed, atOnce, actor; each: name, description",
        reply: "outcome, version, filesDone, filesFailed, priority, traceparent, token, phase, age")
}

/// The result of storing a page of the file list.
public enum AddFilesOutcome: Sendable, Equatable {
    /// The job afterwards, and the token of the new files. The job's request has the priority and the trace context, which a wake does not
    /// carry.
    /// - times: with the last page.
    case added(ClaimedJob, token: Int, times: StatusTimes? = nil)
    /// The job has changed meanwhile: nothing was stored.
    case stale
    /// Workers have ended files since the caller read the job: decide again from these counters. Nothing was stored.
    case countsDiffer(done: Int, failed: Int)
}

extension JobStore {
    /// Stores a page of the file list.
    /// - Parameters:
    ///   - job: the decision was made from its state.
    ///   - decision: of `pageListed`. Its timer is set: a decision that ends the job is for `apply`.
    ///   - cursor: the next page; `nil` with the last.
    ///   - atOnce: so many files of the job are queued; their messages follow at once. The others are listed, and wait for the job's turn.
    public func addFiles(
        _ files: [FileTask], to job: ClaimedJob, decision: JobDecision, cursor: String?, atOnce: Int = DownloadTurns.atOnce
    ) async throws(JobStoreError) -> AddFilesOutcome {
        let state = decision.state
        guard case .after(let delay) = decision.timer else {
            throw JobStoreError(kind: .mismatch("the decision on \(job.id) ends it; store it by apply"), attempted: "add_files")
        }
        var arguments: [RedisArgument] = [
            .string(job.id.text), .integer(job.version), .string(state.status.rawValue), .integer(max(delay.milliseconds, 0)),
            .string(JobProgress.counts(state)), .string(cursor ?? ""), .integer(Int64(job.state.filesDone)),
            .integer(Int64(job.state.filesFailed)), .integer(Int64(atOnce)), .string(actor),
        ]
        for file in files { arguments += [.string(file.name), .bytes(file.json)] }
        let reply = try await run(.addFiles, on: job.id, arguments)
        switch try reply.element("outcome").string {
        case "added":
            var added = job.advanced(to: try reply.element("version").integer, state)
            let traceparent = try reply.element("traceparent").string
            guard let priority = JobPriority(rawValue: try reply.element("priority").string) else { throw reply.unexpected }
            added.readyPage = nil
            added.request = job.request.completed(priority: priority, traceparent: traceparent.isEmpty ? nil : traceparent)
            let times = StatusTimes(
                before: .milliseconds(try reply.element("phase").integer), age: .milliseconds(try reply.element("age").integer))
            return .added(
                added, token: Int(try reply.element("token").integer), times: state.status == job.state.status ? nil : times)
        case "stale": return .stale
        case "countsDiffer":
            let done = try reply.element("filesDone").integer, failed = try reply.element("filesFailed").integer
            return .countsDiffer(done: Int(done), failed: Int(failed))
        default: throw reply.unexpected
        }
    }
}
