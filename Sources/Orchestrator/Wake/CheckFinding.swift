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

    /// - Parameters:
    ///   - counted: the failure of the check as it counts for the job.
    ///   - moment: what the next delay depends on besides.
    ///   - rules: those of the provider's jobs.
    init(
        _ answer: CheckAnswer, of job: ClaimedJob, _ counted: Failure?, _ moment: PollMoment, _ rules: JobRules
    ) {
        var answer = answer
        let running = rules.maxRunning == nil ? nil : Self.noteRunning(&answer, of: job)
        let event = answer.outcome.event(counted, moment, running: running)
        switch answer.outcome {
        case .queued: self.init(event, .notReady, "queued", exportHandle: answer.exportHandle)
        case .running(let progress, _):
            let detail = progress.map { "running \(Int($0 * 100))%" } ?? "running"
            self.init(event, .notReady, detail, exportHandle: answer.exportHandle)
        case .advanced(let handle, _): self.init(event, .succeeded, "step done", exportHandle: handle)
        case .ready(let handle, let page):
            self.init(event, .succeeded, "", exportHandle: handle ?? answer.exportHandle)
            readyPage = page?.json
        case .empty: self.init(event, .succeeded, "empty")
        case .failed(let code, _): self.init(event, .exportFailed, code)
        case .expired: self.init(event, .exportFailed, "export-expired")
        case .unknownStatus(let status, _):
            self.init(event, .unknownStatus, "unknown status \(status)", exportHandle: answer.exportHandle)
            self.answer = detail
        case .failure(let failure):
            self.init(event, StepOutcome(failure.failureClass), failure.code)
            self.answer = failure.shown
        }
    }

    /// Notes in the handle when the export began to run: no other record does.
    /// - Returns: how long it has run; `nil`: it does not run.
    private static func noteRunning(_ answer: inout CheckAnswer, of job: ClaimedJob) -> Duration? {
        guard case .running = answer.outcome else { return nil }
        var handle = ExportHandle(answer.exportHandle ?? job.exportHandle ?? "{}")
        // A retry begins the wait again.
        if let known = handle.runningAfter, job.state.waited >= .milliseconds(known) { return job.state.waited - .milliseconds(known) }
        handle.runningAfter = Int64(job.state.waited / .milliseconds(1))
        answer.exportHandle = handle.text
        return .zero
    }

    private init(_ event: JobEvent, _ outcome: StepOutcome, _ detail: String, exportHandle: String? = nil) {
        self.event = event
        self.outcome = outcome
        self.detail = detail
        self.exportHandle = exportHandle
    }
}
