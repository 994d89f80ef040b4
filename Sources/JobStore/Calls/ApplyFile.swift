import ExportCore
import Redis

extension StoreScript {
    /// | argument | meaning |
    /// |---|---|
    /// | id | the job |
    /// | file | the file's index |
    /// | from | kind and token of the state as it was claimed |
    /// | state | the decided state |
    /// | delay | ms until the file's timer fires; -1: it is removed |
    /// | count | the counter of the job that rises: stored, failed or unchanged |
    /// | isUncounted | 1 when the attempt uses up none of those allowed |
    /// | what | of the line in the history: a sign; empty: no line |
    /// | detail | of the line in the history |
    /// | error | code and message of a file that is given up |
    /// | objects | the objects of a stored file as JSON |
    /// | manifestLease | ms that a claim for the manifest lasts; -1: no claim |
    /// | isDeferred | 1 when the attempt was put off |
    /// | answer | an answer that was not the wanted one, in one line; empty: none |
    /// | actor | who does it, for the history; empty: nobody is named |
    ///
    /// | reply | meaning |
    /// |---|---|
    /// | isStored | 1, or 0 when the lease is lost |
    /// | isLast | 1 when every file of the job is stored, this one as the last |
    /// | now | the store's clock; only with a claim for the manifest |
    /// | job | the job's hash; only with a claim for the manifest |
    static let applyFile = StoreScript(
        "apply_file", PackageResources.apply_file_lua,
        arguments:
            "id, file, from, state, delay, count, isUncounted, what, detail, error, objects, manifestLease, isDeferred, answer, actor",
        reply: "isStored, isLast, now, job")
}

/// A stored change of a file.
public struct FileChange: Sendable {
    /// Whether the file is stored as the last of all, so that the manifest is due. When files were given up, the job's watchdog decides.
    public var isLast: Bool
    /// The job, claimed for its manifest; `nil` when no claim was asked for, or the file was not the last.
    public var manifest: Job?
}

extension JobStore {
    /// Stores the end of an attempt at a file, once: a caller that lost the answer may ask again.
    /// - Parameters:
    ///   - objects: what was stored, when the file is.
    ///   - failure: why the attempt failed, for the history; `nil` adds no line.
    ///   - manifestLease: claims the job for its manifest, as `claimManifest` does, when the file is the last.
    /// - Returns: `nil` when the lease is lost.
    public func applyFile(
        _ decision: FileDecision, to claimed: ClaimedFile, objects: [StoredObject] = [], failure: Failure? = nil,
        manifestLease: Duration? = nil
    ) async throws(JobStoreError) -> FileChange? {
        let id = claimed.job.id
        let (what, detail) = decision.historyLine(of: claimed, failure, bytes: objects.reduce(0) { $0 + $1.bytes })
        let reply = try await run(
            .applyFile, on: id,
            [
                .string(id.text), .integer(Int64(claimed.index)), .string(claimed.state.mark), .string(decision.state.text),
                .integer(decision.timer.delay), .string(decision.count.word), decision.usesAttempt ? 0 : 1, .string(what),
                .string(detail), .string(decision.count.errorLine(of: claimed)),
                decision.count == .stored ? .bytes(StoredObject.json(objects)) : "", .integer(manifestLease?.milliseconds ?? -1),
                decision.isDeferral ? 1 : 0, .string(failure?.shownAnswer.map { HistoryEntry.line($0, atMost: 300) } ?? ""),
                .string(actor),
            ])
        guard try reply.element("isStored").integer == 1 else { return nil }
        let isLast = try reply.element("isLast").integer == 1
        guard try reply.array.count > 2 else { return FileChange(isLast: isLast) }
        let now = try reply.element("now").integer
        guard let job = Job(id, hash: try reply.element("job").hash, now: now) else { throw reply.unexpected }
        return FileChange(isLast: isLast, manifest: job)
    }
}

extension FileDecision {
    /// Sign and detail of the line that the history gets.
    fileprivate func historyLine(of claimed: ClaimedFile, _ failure: Failure?, bytes: Int64) -> (what: String, detail: String) {
        if count == .stored { return (HistoryEntry.file, "file \(claimed.index) stored, \(bytes) bytes") }
        let error: JobError? = if case .failed(let error) = count { error } else { nil }
        guard let code = failure?.code ?? error?.code else { return ("", "") }
        let reason = if case .after = timer { HistoryEntry.because(.backoff) } else { "" }
        return (HistoryEntry.failure + reason, HistoryEntry.line("file \(claimed.index) attempt \(claimed.state.token) \(code)"))
    }
}

extension FileCount {
    fileprivate var word: String {
        switch self {
        case .unchanged: "unchanged"
        case .stored: "stored"
        case .failed: "failed"
        }
    }

    fileprivate func errorLine(of claimed: ClaimedFile) -> String {
        guard case .failed(let error) = self else { return "" }
        return JobError(code: error.code, message: "file \(claimed.file.name): \(error.message)").line
    }
}
