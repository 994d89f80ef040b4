import ExportCore
import ProviderAPI

/// The answer to a status check, translated into an event of the job.
struct CheckFinding {
    let event: JobEvent
    let outcome: StepOutcome
    /// For the history: `running 40%`.
    let detail: String
    let exportHandle: String?
    /// The page of files that came with the answer, as JSON.
    var readyPage: String?
    /// An answer that was not the wanted one.
    var answer: String?

    /// - Parameter counted: the failure of the check as it counts for the job.
    init(_ outcome: CheckOutcome, _ counted: Failure?, usual: Duration?) {
        switch outcome {
        case .queued(let retryAfter):
            self.init(.notReady(PollHints(retryAfter: retryAfter, usualDuration: usual)), .notReady, "queued")
        case .running(let progress, let retryAfter):
            self.init(
                .notReady(PollHints(retryAfter: retryAfter, progress: progress, usualDuration: usual)), .notReady,
                progress.map { "running \(Int($0 * 100))%" } ?? "running")
        case .ready(let handle, let page):
            self.init(.ready, .succeeded, "", exportHandle: handle)
            readyPage = page?.json
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
            answer = detail
        case .failure(let failure):
            self.init(.stepFailed(counted ?? failure), StepOutcome(failure.failureClass), failure.code)
            answer = failure.shown
        }
    }

    private init(_ event: JobEvent, _ outcome: StepOutcome, _ detail: String, exportHandle: String? = nil) {
        self.event = event
        self.outcome = outcome
        self.detail = detail
        self.exportHandle = exportHandle
    }
}
