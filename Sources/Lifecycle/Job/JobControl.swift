import ExportCore
import JobStore

/// The result of an operator's request to retry a job.
public enum RetryOutcome: Sendable, Equatable {
    /// The job continues in this status.
    case retried(JobStatus)
    /// Only a failed job can be retried.
    case notFailed(JobStatus)
    case unknown
}

extension JobInterpreter {
    /// Retries a failed job.
    /// - Parameters:
    ///   - fromStart: with a new export; otherwise from where it failed.
    ///   - actor: who asks.
    public func retry(_ id: JobID, fromStart: Bool = false, by actor: String = "") async throws(JobStoreError) -> RetryOutcome {
        let machine = JobMachine(rules: JobRules())
        while true {
            guard let job = try await store.job(id) else { return .unknown }
            guard let decision = machine.decide(.retryRequested(fromStart: fromStart), in: job.state, random: 0) else {
                return .notFailed(job.state.status)
            }
            let detail = fromStart ? "retried from the start" : "retried"
            // Stale: another caller has changed the job, which the next read shows.
            guard let version = try await store.retry(job, decision, detail: detail, by: actor) else { continue }
            let change = JobChange(job.claimed, decision, detail: detail)
            await finish(change, as: change.stored(as: version), nil)
            return .retried(decision.state.status)
        }
    }
}
