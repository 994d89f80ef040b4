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
        let event = outcome.event(counted, usual: usual)
        switch outcome {
        case .queued: self.init(event, .notReady, "queued")
        case .running(let progress, _):
            self.init(event, .notReady, progress.map { "running \(Int($0 * 100))%" } ?? "running")
        case .ready(let handle, let page):
            self.init(event, .succeeded, "", exportHandle: handle)
            readyPage = page?.json
        case .empty: self.init(event, .succeeded, "empty")
        case .failed(let code, _): self.init(event, .exportFailed, code)
        case .expired: self.init(event, .exportFailed, "export-expired")
        case .unknownStatus(let status, _):
            self.init(event, .unknownStatus, "unknown status \(status)")
            answer = detail
        case .failure(let failure):
            self.init(event, StepOutcome(failure.failureClass), failure.code)
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
