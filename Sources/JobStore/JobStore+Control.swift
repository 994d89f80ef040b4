import ExportCore
import Redis

/// What came of asking for the end of a job.
public enum CancelRequest: Sendable, Equatable {
    /// It ends as soon as the provider has been told.
    case asked
    case over(JobStatus)
    case unknown
}

/// What came of asking for another try of a job.
public enum RetryOutcome: Sendable, Equatable {
    /// It goes on in this status.
    case retried(JobStatus)
    /// Only a failed job can be tried again.
    case notFailed(JobStatus)
    case unknown
}

extension JobStore {
    /// Asks for the end of a job; an orchestrator tells its provider and ends it.
    public func cancel(_ id: JobID) async throws(JobStoreError) -> CancelRequest {
        let answer = Answer(value: try await run(StoreScript.cancel, partition: partition(of: id), [.string(id.text)]), attempted: "cancel")
        switch try answer.element(0).string {
        case "asked":
            // A stale entry is harmless, and costs whoever takes it a look.
            _ = try await run(
                StoreScript.unqueue, provider: try answer.element(2).string,
                [.string(try answer.element(3).string), .string(try answer.element(4).string), .string(id.text)])
            return .asked
        case "over":
            guard let status = JobStatus(rawValue: try answer.element(1).string) else { throw answer.unexpected }
            return .over(status)
        default: return .unknown
        }
    }

    /// Takes a failed job up again.
    /// - Parameter fromStart: with a new export; else where it failed.
    public func retry(_ id: JobID, fromStart: Bool = false) async throws(JobStoreError) -> RetryOutcome {
        while true {
            guard let job = try await job(id) else { return .unknown }
            let machine = JobStateMachine(rules: JobRules())
            guard let decision = machine.decide(.retryRequested(fromStart: fromStart), in: job.state, random: 0) else {
                return .notFailed(job.state.status)
            }
            let state = decision.state
            let value = try await run(
                StoreScript.retry, partition: partition(of: id),
                [
                    .string(id.text), .integer(job.version), .string(state.status.rawValue), .integer(Int64(state.creation)),
                    .integer(state.createIsUncertain ? 1 : 0), .string(fromStart ? "retried from the start" : "retried"),
                ])
            // Stale: somebody else has just done the same, which the next look tells.
            guard try Answer(value: value, attempted: "retry").integer >= 0 else { continue }
            if state.status == .polling { try await takePlace(of: id, provider: job.provider) }
            return .retried(state.status)
        }
    }
}
