import ExportCore
import JobStore
import Logging
import ProviderAPI

/// Ends a job on request: tells its provider, if an export runs there, and then fails the job with `cancelled`. Transfers of its files
/// find their leases lost by then, and remove what they have uploaded.
struct CancelStep: Sendable {
    let store: JobStore
    let providers: ProviderDirectory
    let recorder: DecisionRecorder
    let metrics: OrchestratorMetrics
    let logger: Logger

    func run(_ wake: Wake) async {
        let subject = DecisionRecorder.Subject(wake)
        let rules = providers[wake.provider]?.machine ?? JobStateMachine(rules: JobRules())
        do {
            guard let job = try await store.job(wake.id), job.version == wake.version else { return metrics.wakesStale.increment() }
            if let verdict = rules.verdictAtClaim(job.state) {
                await recorder.record(verdict, for: subject.with(job.state))
                return
            }
            let event = if let provider = providers[wake.provider] { await tell(provider, job) } else { JobEvent.cancelled }
            let detail = if case .cancelFailed(let failure) = event { "cancel: \(failure.code)" } else { "" }
            await recorder.decide(event, for: subject.with(job.state), by: rules, detail: detail)
        } catch {
            logger.warning("a job was not cancelled yet, its lease brings it back: \(error)", metadata: DecisionRecorder.metadata(subject))
        }
    }

    /// Tells the provider what there is to tell, and what that means for the job.
    private func tell(_ provider: ProviderDirectory.Entry, _ job: ExportJob) async -> JobEvent {
        let definition = provider.client.definition
        guard job.exportHandle != nil || job.state.mayHaveExport else { return .cancelled }
        guard definition.canCancel else { return Self.untold("no-cancel", "its file has no `cancel`") }
        guard job.exportHandle != nil || definition.createSafety.contains(.find) else {
            return Self.untold("unknown-export", "a create may have taken effect, and without `find` the export's name is not known")
        }
        let permission = await provider.gate.admit(.cancel)
        if case .wait(let time) = permission {
            // Counted, unlike other requests that have to wait: who cancels shall see an end, though the provider is down for days.
            return .cancelFailed(Failure(.transient, code: "provider-down", message: "it is not to be asked now", retryAfter: time))
        }
        let begun = ContinuousClock.now
        let outcome = await send(provider.client, job)
        await provider.gate.report(.cancel, permission, failure: outcome.failure, took: .now - begun)
        return outcome.failure.map { .cancelFailed(ProviderGate.forJob($0, permission)) } ?? .cancelled
    }

    private func send(_ client: ProviderClient, _ job: ExportJob) async -> CancelOutcome {
        let context = JobContext(job)
        if let handle = job.exportHandle { return await client.cancel(context, exportHandle: handle) }
        switch await client.find(context) {
        case .found(let handle): return await client.cancel(context, exportHandle: handle)
        case .notFound: return .cancelled
        case .failed(let failure): return .failure(failure)
        }
    }

    private static func untold(_ code: String, _ message: String) -> JobEvent {
        .cancelFailed(Failure(.permanent, code: code, message: message))
    }
}

extension DecisionRecorder.Subject {
    /// The same job with all that the store knows of its state; a wake carries less.
    fileprivate func with(_ state: JobState) -> DecisionRecorder.Subject {
        DecisionRecorder.Subject(id: id, version: version, provider: provider, correlationID: correlationID, state: state)
    }
}
