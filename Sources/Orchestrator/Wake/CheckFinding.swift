import ExportCore
import ProviderAPI

/// The answer to a status check, translated into an event of the job.
struct CheckFinding {
    let event: JobEvent
    let outcome: StepOutcome
    /// For the history: `running 40%`.
    let detail: String
    let exportHandle: String?

    init(_ outcome: CheckOutcome, _ permission: ProviderGate.Permission, usual: Duration?) {
        switch outcome {
        case .queued(let retryAfter):
            self.init(.notReady(PollHints(retryAfter: retryAfter, usualDuration: usual)), .notReady, "queued")
        case .running(let progress, let retryAfter):
            self.init(
                .notReady(PollHints(retryAfter: retryAfter, progress: progress, usualDuration: usual)), .notReady,
                progress.map { "running \(Int($0 * 100))%" } ?? "running")
        case .ready(let handle):
            self.init(.ready, .succeeded, "", exportHandle: handle)
        case .empty:
            self.init(.empty, .succeeded, "empty")
        case .failed(let code, let message):
            self.init(.exportFailed(JobError(code: code, message: message)), .exportFailed, code)
        case .expired:
            let error = JobError(code: "export-expired", message: "the provider no longer has the export")
            self.init(.exportFailed(error), .exportFailed, error.code)
        case .unknownStatus(let status, let retryAfter):
            let hints = PollHints(retryAfter: retryAfter, usualDuration: usual)
            self.init(.unknownStatus(status, hints), .unknownStatus, "unknown status \(status)")
        case .failure(let failure):
            self.init(.stepFailed(ProviderGate.forJob(failure, permission)), StepOutcome(failure.failureClass), failure.code)
        }
    }

    private init(_ event: JobEvent, _ outcome: StepOutcome, _ detail: String, exportHandle: String? = nil) {
        self.event = event
        self.outcome = outcome
        self.detail = detail
        self.exportHandle = exportHandle
    }
}
