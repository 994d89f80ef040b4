import ExportCore
import Redis

extension StoreScript {
    /// | argument | meaning |
    /// |---|---|
    /// | id | the job |
    /// | file | the file's index |
    /// | from | kind and token of the state that the decision was made from |
    /// | state | the decided state |
    /// | delay | ms until the file's timer fires |
    /// | actor | who does it, for the history; empty: nobody is named |
    ///
    /// | reply | meaning |
    /// |---|---|
    /// | outcome | claimed, differs or closed; closed returns nothing else |
    /// | state | as stored |
    /// | isTimerDue | 1 when the file's timer is due; differs returns nothing after it |
    /// | uncounted | attempts that used up none of those allowed |
    /// | name | under the job's folder |
    /// | description | the file as JSON |
    /// | now | the store's clock |
    /// | job | the job's hash |
    /// | attemptsBase | tokens up to it belong to attempts before a retry |
    /// | deferredFor | ms since the file was put off for the first time; -1: it is not |
    static let claimFile = StoreScript(
        "claim_file", PackageResources.claim_file_lua, arguments: "id, file, from, state, delay, actor",
        reply: "outcome, state, isTimerDue, uncounted, name, description, now, job, attemptsBase, deferredFor")
}

/// A file that a worker has claimed, with its job.
public struct ClaimedFile: Sendable {
    public var job: Job
    public var index: Int
    /// As it was claimed. Its token fences every effect of the transfer.
    public var state: FileState
    /// The number of this attempt, from 1; a retry of the job starts again at 1.
    public var attempt: Int
    public var file: FileTask
    /// How long ago the file was put off for the first time, with no failure of another kind in between.
    public var deferredFor: Duration?
}

/// The result of claiming a file.
public enum FileClaim: Sendable {
    case claimed(ClaimedFile)
    /// The file is in another state than expected, or its timer is not due any more: decide again.
    case differs(FileState, isTimerDue: Bool)
    /// There is no such job or file, or the job's files are not transferred: nothing is to be done.
    case closed
}

extension JobStore {
    /// Claims a file, if it is in the state that the decision was made from; when its message was published does not matter.
    /// - Parameter decision: of `FileMachine` on `FileEvent.claimed`.
    public func claimFile(
        _ index: Int, of id: JobID, from expected: FileState, decision: FileDecision
    ) async throws(JobStoreError) -> FileClaim {
        let reply = try await run(
            .claimFile, on: id,
            [
                .string(id.text), .integer(Int64(index)), .string(expected.mark), .string(decision.state.text),
                .integer(decision.timer.delay), .string(actor),
            ])
        let outcome = try reply.element("outcome").string
        if outcome == "closed" { return .closed }
        guard let state = FileState(text: try reply.element("state").string) else { throw reply.unexpected }
        if outcome == "differs" { return .differs(state, isTimerDue: try reply.element("isTimerDue").integer == 1) }
        let now = try reply.element("now").integer
        guard outcome == "claimed", let job = Job(id, hash: try reply.element("job").hash, now: now) else { throw reply.unexpected }
        var file = try FileTask(stored: reply.element("description").bytes, "claim_file")
        file.name = try reply.element("name").string
        let deferred = try reply.element("deferredFor").integer
        let uncounted = try reply.element("uncounted").integer, base = try reply.element("attemptsBase").integer
        return .claimed(
            ClaimedFile(
                job: job, index: index, state: state, attempt: state.token - Int(base) - Int(uncounted), file: file,
                deferredFor: deferred < 0 ? nil : .milliseconds(deferred)))
    }
}
