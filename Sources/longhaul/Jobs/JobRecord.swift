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
    let waitingFile: (file: Int, at: Int64)?
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
        let waitingFile: (file: Int, at: Int64)? =
            state.status == .processing && state.filesTotal > 0
            ? try await store.nextFileAttempt(of: id, from: 0, many: min(state.filesTotal, looked)) : nil
        return JobRecord(
            job: job, history: try await store.history(of: id), answers: try await store.answers(of: id), due: try await store.due(of: id),
            provider: ProviderCondition(try await store.health(of: job.request.provider)),
            waitingFile: waitingFile, usual: try await usual(of: job.request.provider, store))
    }

    private static func usual(of provider: String, _ store: JobStore) async throws(JobStoreError) -> Duration? {
        let known = try await store.usualDurations().filter { $0.key.hasPrefix("\(provider)\t") }
        return known.count == 1 ? known.values.first : nil
    }

    var next: NextStep? {
        waitingFile.map { NextStep(what: "attempt", at: $0.at, now: due.now, subject: "file \($0.file)") } ?? NextStep(job, due: due)
    }

    /// Why the job does not advance, if its provider or the jobs before it are the reason.
    var waitsBecause: String? {
        switch job.state.status {
        case .pending where due.isInLine: provider.reason ?? "for its turn among the jobs of its provider"
        case .pending, .polling, .ready: provider.reason
        case .processing, .completed, .failed: nil
        }
    }
}
