import ExportCore
import JobStore
import Trail

/// Everything that the store says about one job.
struct JobRecord {
    let job: Job
    /// A summary comes first if the job has a long one.
    let history: [HistoryEntry]
    /// Everything that has happened, where somebody asks for it.
    var trail: [TrailEvent]?
    /// The provider's last answers that delayed the job, oldest first.
    let answers: [StoredAnswer]
    let due: DueTime
    let provider: ProviderCondition
    /// The file that waits for its next attempt.
    let waitingFile: WaitingFile?
    /// How long exports of the provider usually take; `nil` if that is not known, or depends on their kind.
    var usual: Duration?
    /// The store has forgotten the job; what is told comes from the object storage.
    var isArchived = false

    /// Of a job with more files, those that fail are usually among the first.
    private static let looked = 1000

    /// - Returns: `nil` if there is no such job.
    static func read(_ id: JobID, from store: JobStore) async throws(JobStoreError) -> JobRecord? {
        guard let job = try await store.job(id) else { return nil }
        let state = job.state
        let waitingFile =
            state.status == .processing && state.filesTotal > 0
            ? try await WaitingFile.first(of: id, among: min(state.filesTotal, looked), store) : nil
        return JobRecord(
            job: job, history: try await store.history(of: id), answers: try await store.answers(of: id), due: try await store.due(of: id),
            provider: ProviderCondition(try await store.health(of: job.request.provider)),
            waitingFile: waitingFile, usual: try await usual(of: job.request.provider, store))
    }

    private static func usual(of provider: String, _ store: JobStore) async throws(JobStoreError) -> Duration? {
        let known = try await store.durations().filter { $0.key.provider == provider }
        // Of several kinds, which take different times, the record does not tell its job's.
        let kinds = known.filter { $0.key != $0.key.all }
        guard kinds.count < 2, let all = known[ExportKind(provider: provider)] else { return nil }
        return DurationForecast(all, aim: .usual).usual
    }

    var next: NextStep? {
        if let file = waitingFile {
            let step = NextStep(what: "attempt", at: file.at, now: due.now, subject: "file \(file.index)")
            return step.notBefore(file.requests.flatMap { provider.heldBack($0) })
        }
        let heldBack = request.flatMap { provider.heldBack($0) }
        if let step = NextStep(job, due: due) { return step.notBefore(heldBack) }
        guard let heldBack, job.state.status != .polling, !due.isInLine, let at = due.at else { return nil }
        return NextStep(heldBack: "attempt", until: max(heldBack, at), now: due.now)
    }

    /// What the job asks its provider for next; `nil`: nothing. Its files have requests of their own.
    var request: RequestKind? {
        switch job.state.status {
        case .pending: .create
        case .polling: job.isCancelRequested ? .cancel : .check
        case .ready: .list
        case .processing, .completed, .failed: nil
        }
    }

    /// Why the job does not advance, if its provider or the jobs before it are the reason.
    var waitsBecause: String? { waitsBecause(timed: true) }

    /// - Parameter timed: whether it says until when the provider is not asked.
    func waitsBecause(timed: Bool) -> String? {
        let reason = (request ?? waitingFile?.requests).flatMap { provider.reason(for: $0, timed: timed) }
        guard job.state.status == .pending, due.isInLine else { return reason }
        return reason ?? "for its turn among the jobs of its provider"
    }

    /// When the job got its status, by the store's clock.
    var entered: Int64? { history.last { $0.what == job.state.status.rawValue }.map { job.createdAt + $0.at } }

    /// How much of the usual time the export has been running, in per cent. A record that is read has no clock of its own: the time counts
    /// from the line of the history that says when the export began; `nil` without it, or if nothing is usual.
    var usualShare: Int64? {
        guard job.state.status == .polling, let usual, usual > .zero, let entered else { return nil }
        return max(due.now - entered, 0) * 100 / max(Int64(usual / .milliseconds(1)), 1)
    }
}
