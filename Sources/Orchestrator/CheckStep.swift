import ExportCore
import JobStore
import Logging
import ProviderAPI

/// Asks the provider how far an export is.
struct CheckStep: Sendable {
    let store: JobStore
    let providers: ProviderDirectory
    let recorder: DecisionRecorder
    let durations: UsualDurations
    let downloads: DownloadPublisher
    let metrics: OrchestratorMetrics
    let logger: Logger

    /// - Returns: the job as it is to be listed, when the export is ready.
    func run(_ wake: Wake) async -> DecisionRecorder.Subject? {
        let subject = DecisionRecorder.Subject(wake)
        guard let provider = providers[wake.provider] else {
            await recorder.providerUnknown(subject)
            return nil
        }
        if let verdict = provider.machine.verdictAtClaim(wake.state) {
            await recorder.record(verdict, for: subject)
            return nil
        }
        let permission = await provider.gate.admit(.check)
        if case .wait(let time) = permission {
            await recorder.postpone(subject, by: time)
            return nil
        }
        let context = JobContext(wake)
        let begun = ContinuousClock.now
        let outcome = await provider.client.check(context, exportHandle: wake.exportHandle)
        await provider.gate.report(.check, permission, failure: outcome.failure, took: .now - begun)
        let kind = await provider.kind(context)
        let step = await Step(outcome, permission, usual: durations.usual(provider: wake.provider, kind: kind))
        metrics.countCheck(step.outcome)
        guard
            let stored = await recorder.decide(
                step.event, for: subject, by: provider.machine, detail: step.detail, isCheck: true, exportHandle: step.exportHandle)
        else { return nil }
        if stored.decision.state.status == .ready {
            await durations.learn(wake.state.waited, provider: wake.provider, kind: kind)
            return subject.advanced(to: stored.version, stored.decision.state)
        }
        if stored.decision.action == .writeManifest { await downloads.publishManifest(of: subject) }
        return nil
    }
}

/// An answer to a status check, as an event of the job.
private struct Step {
    var event: JobEvent
    var outcome: StepOutcome
    var detail: String
    var exportHandle: String?

    init(_ outcome: CheckOutcome, _ permission: ProviderGate.Permission, usual: Duration?) {
        switch outcome {
        case .queued(let retryAfter):
            self.init(event: .notReady(PollHints(retryAfter: retryAfter, usualDuration: usual)), outcome: .notReady, detail: "queued")
        case .running(let progress, let retryAfter):
            self.init(
                event: .notReady(PollHints(retryAfter: retryAfter, progress: progress, usualDuration: usual)), outcome: .notReady,
                detail: progress.map { "running \(Int($0 * 100))%" } ?? "running")
        case .ready(let handle):
            self.init(event: .ready, outcome: .succeeded, detail: "", exportHandle: handle)
        case .empty:
            self.init(event: .empty, outcome: .succeeded, detail: "empty")
        case .failed(let code, let message):
            self.init(event: .exportFailed(JobError(code: code, message: message)), outcome: .exportFailed, detail: code)
        case .expired:
            let error = JobError(code: "export-expired", message: "the provider no longer has the export")
            self.init(event: .exportFailed(error), outcome: .exportFailed, detail: error.code)
        case .unknownStatus(let status, let retryAfter):
            let hints = PollHints(retryAfter: retryAfter, usualDuration: usual)
            self.init(event: .unknownStatus(status, hints), outcome: .unknownStatus, detail: "unknown status \(status)")
        case .failure(let failure):
            self.init(
                event: .stepFailed(ProviderGate.forJob(failure, permission)), outcome: StepOutcome(failure.failureClass),
                detail: failure.code)
        }
    }

    private init(event: JobEvent, outcome: StepOutcome, detail: String, exportHandle: String? = nil) {
        self.event = event
        self.outcome = outcome
        self.detail = detail
        self.exportHandle = exportHandle
    }
}
