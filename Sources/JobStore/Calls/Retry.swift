import ExportCore
import Redis

extension StoreScript {
    /// | argument | meaning |
    /// |---|---|
    /// | id | the job |
    /// | version | the version that the caller knows |
    /// | status | the decided status |
    /// | creation | how many exports the job has left behind |
    /// | createIsUncertain | 1 when an earlier create may have taken effect |
    /// | detail | of the line in the history |
    /// | actor | who asks, for the event |
    /// | word | of a state of files that start again |
    /// | state | what these files get; `base` stands for the token after which they continue |
    ///
    /// | reply | meaning |
    /// |---|---|
    /// | version | the new version, or -1: stale, or the job has not failed |
    static let retry = StoreScript(
        "retry", PackageResources.retry_lua,
        arguments: "id, version, status, creation, createIsUncertain, detail, actor; each: word, state",
        reply: "version")
}

extension JobStore {
    /// Continues a failed job. Files that are not stored start again with all their attempts; earlier claims of them are void.
    /// - Parameter decision: of `JobMachine` on `JobEvent.retryRequested`, made from `job.state`.
    /// - Returns: the new version; `nil` when the job has changed meanwhile.
    public func retry(_ job: Job, _ decision: JobDecision, detail: String, by actor: String = "") async throws(JobStoreError) -> Int64? {
        let state = decision.state
        let reply = try await run(
            .retry, on: job.id,
            [
                .string(job.id.text), .integer(job.version), .string(state.status.rawValue), .integer(Int64(state.creation)),
                state.createIsUncertain ? 1 : 0, .string(HistoryEntry.line(detail)),
                .string(HistoryEntry.line(actor)),
            ] + Self.restartedFiles)
        let version = try reply.element("version").integer
        return version < 0 ? nil : version
    }

    /// For each kind of state that the file machine restarts: its word, and the state that such a file gets. A job may have a hundred
    /// thousand files and its tokens continue after the highest, so the script looks them up in this list instead of returning them.
    private static let restartedFiles: [RedisArgument] = FileState.Kind.allCases.flatMap { kind -> [RedisArgument] in
        guard let decision = FileMachine().decide(.jobRetried(base: 1), in: state(kind, token: 0)) else { return [] }
        return [.string(kind.rawValue), .string(decision.state.text(token: "base"))]
    }

    private static func state(_ kind: FileState.Kind, token: Int) -> FileState {
        switch kind {
        case .listed: .listed(token: token)
        case .queued: .queued(token: token, since: 0, copies: 0)
        case .leased: .leased(token: token)
        case .backoff: .backoff(token: token)
        case .stored: .stored(token: token)
        case .failed: .failed(token: token)
        }
    }
}
