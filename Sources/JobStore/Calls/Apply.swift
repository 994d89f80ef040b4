import ExportCore
import Redis
import TraceContext

extension StoreScript {
    /// | argument | meaning |
    /// |---|---|
    /// | keep | ms that a job is kept after its end |
    /// | actor | who does it, for the history; empty: nobody is named |
    /// | id | the job |
    /// | version | the version that the caller knows |
    /// | status | the decided status |
    /// | delay | ms until the job's timer fires; -1: the job has ended |
    /// | counts | attempts, failures and unusableAnswers, separated by tabs |
    /// | what | of the line in the history: a status or a sign, behind `<` the reason of the delay; empty: no line |
    /// | detail | of the line in the history |
    /// | marks | words: `check` for a status check, `deferred` when the step is put off, with `again` when that counts from now on |
    /// | fields | the number of further fields |
    /// | field | a field of the job's hash |
    /// | value | its value; empty: the field is removed. Of `answers`: a line that is added |
    ///
    /// | reply | meaning |
    /// |---|---|
    /// | version | the new version, or -1: stale, ended or unknown; of another status, after it and separated by spaces: how long the job had the one before, and how long ago it was admitted, in ms |
    static let apply = StoreScript(
        "apply", PackageResources.apply_lua,
        arguments: "keep, actor; each: id, version, status, delay, counts, what, detail, marks, fields; nested: field, value",
        reply: "each: version")
}

/// The result of a change.
public enum ChangeOutcome: Sendable, Equatable {
    /// The change is stored; the job has this version now.
    /// - times: if its status is another one.
    case applied(version: Int64, times: StatusTimes? = nil)
    /// The job has changed meanwhile, or has ended: nothing was stored.
    case stale
}

extension JobStore {
    /// Stores decisions, each if its job still has the version that the caller knows. Changes of several callers share scripts.
    /// - Parameter changes: a job occurs once at most.
    /// - Returns: the results in the order of the changes.
    public func apply(_ changes: [JobChange]) async -> [Result<ChangeOutcome, JobStoreError>] {
        guard let parent = Traces.sampled, let span = ScriptSpan(StoreScript.apply.name, on: redis.server, below: parent) else {
            return await self.changes.apply(changes)
        }
        let results = await self.changes.apply(changes)
        for case .failure(let error) in results { span.fail(error) }
        span.end()
        return results
    }

    /// Sends the changes that wait for others, and returns when they are stored or have failed. Call it before the connection is closed.
    public func flush() async { await changes.flush() }
}
