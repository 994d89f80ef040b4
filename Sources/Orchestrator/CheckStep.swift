import EventThread
import ExportCore
import JobStore
import ProviderAPI

/// Asks the provider how far an export is.
///
/// Checks are what an orchestrator does most of, so that they go from callback to callback on the event thread: permission → request →
/// answer → decision → stored. A task is made only where something else than "look again later" comes of one.
final class CheckStep: Sendable {
    let providers: ProviderDirectory
    let recorder: DecisionRecorder
    let durations: UsualDurations
    let downloads: DownloadPublisher
    let metrics: OrchestratorMetrics
    let thread: EventThread

    init(
        providers: ProviderDirectory, recorder: DecisionRecorder, durations: UsualDurations, downloads: DownloadPublisher,
        metrics: OrchestratorMetrics, thread: EventThread
    ) {
        self.providers = providers
        self.recorder = recorder
        self.durations = durations
        self.downloads = downloads
        self.metrics = metrics
        self.thread = thread
    }

    /// - Parameter then: called once, on the thread, with the job as it is to be listed when its export is ready.
    func run(_ wake: Wake, then: @escaping @Sendable (DecisionRecorder.Subject?) -> Void) {
        let subject = DecisionRecorder.Subject(wake)
        guard let provider = providers[wake.provider] else {
            return end(then) { await self.recorder.providerUnknown(subject) }
        }
        if let verdict = provider.machine.verdictAtClaim(wake.state) {
            return end(then) { await self.recorder.record(verdict, for: subject) }
        }
        let check = Check(wake, subject, provider)
        provider.gate.assumeIsolated { gate in
            gate.admitCheck { permission in
                if case .wait(let time) = permission { return self.end(then) { await self.recorder.postpone(subject, by: time) } }
                self.ask(check, permission, then)
            }
        }
    }

    /// A class: it goes through some closures, and a copy for each would cost more than the step.
    private final class Check: Sendable {
        let wake: Wake
        let subject: DecisionRecorder.Subject
        let provider: ProviderDirectory.Entry
        let context: JobContext

        init(_ wake: Wake, _ subject: DecisionRecorder.Subject, _ provider: ProviderDirectory.Entry) {
            self.wake = wake
            self.subject = subject
            self.provider = provider
            context = JobContext(wake)
        }
    }

    private func ask(
        _ check: Check, _ permission: ProviderGate.Permission, _ then: @escaping @Sendable (DecisionRecorder.Subject?) -> Void
    ) {
        let begun = ContinuousClock.now
        check.provider.client.assumeIsolated { client in
            client.check(check.context, exportHandle: check.wake.exportHandle) { outcome in
                let took = .now - begun
                guard permission == .probe else {
                    check.provider.gate.assumeIsolated { $0.report(.check, failure: outcome.failure, took: took) }
                    return self.decide(check, outcome, permission, then)
                }
                Task(executorPreference: self.thread) {
                    await check.provider.gate.report(.check, permission, failure: outcome.failure, took: took)
                    self.decide(check, outcome, permission, then)
                }
            }
        }
    }

    private func decide(
        _ check: Check, _ outcome: CheckOutcome, _ permission: ProviderGate.Permission,
        _ then: @escaping @Sendable (DecisionRecorder.Subject?) -> Void
    ) {
        let kind = check.provider.kindAtOnce(check.context)
        let usual = durations.assumeIsolated { $0.known(provider: check.wake.provider, kind: kind) }
        let step = Step(outcome, permission, usual: usual)
        metrics.countCheck(step.outcome)
        recorder.decideOnCheck(
            step.event, for: check.subject, by: check.provider.machine, detail: step.detail, exportHandle: step.exportHandle
        ) { stored in
            guard let stored, stored.decision.state.status != .polling else { return then(nil) }
            Task(executorPreference: self.thread) { then(await self.left(check, kind, stored)) }
        }
    }

    /// The job is no longer POLLING.
    private func left(_ check: Check, _ kind: String, _ stored: DecisionRecorder.Stored) async -> DecisionRecorder.Subject? {
        if stored.decision.state.status == .ready {
            await durations.learn(check.wake.state.waited, provider: check.wake.provider, kind: kind)
            return check.subject.advanced(to: stored.version, stored.decision.state)
        }
        if stored.decision.action == .writeManifest { await downloads.publishManifest(of: check.subject) }
        return nil
    }

    private func end(_ then: @escaping @Sendable (DecisionRecorder.Subject?) -> Void, _ body: @escaping @Sendable () async -> Void) {
        Task(executorPreference: thread) {
            await body()
            then(nil)
        }
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
