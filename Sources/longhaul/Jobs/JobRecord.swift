import ExportCore
import JobStore

/// Everything that the store says about one job.
struct JobRecord {
    let job: Job
    let history: [HistoryEntry]
    /// The provider's last answers that delayed the job, oldest first.
    let answers: [StoredAnswer]
    /// When the job's timer is due, in milliseconds; `nil` after its end.
    let due: Int64?
    /// The store's clock, in milliseconds.
    let now: Int64
    let provider: ProviderCondition

    /// - Returns: `nil` if there is no such job.
    static func read(_ id: JobID, from store: JobStore) async throws(JobStoreError) -> JobRecord? {
        guard let job = try await store.job(id) else { return nil }
        let due = try await store.due(of: id)
        return JobRecord(
            job: job, history: try await store.history(of: id), answers: try await store.answers(of: id), due: due.at, now: due.now,
            provider: ProviderCondition(try await store.health(of: job.request.provider)))
    }

    var next: NextStep? { NextStep(job, due: due, now: now) }

    /// Why the job does not advance, if its provider is the reason.
    var waitsBecause: String? {
        switch job.state.status {
        case .pending, .polling, .ready: provider.reason
        case .processing, .completed, .failed: nil
        }
    }
}
