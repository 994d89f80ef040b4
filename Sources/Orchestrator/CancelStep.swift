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
            guard let provider = providers[wake.provider] else {
                await recorder.decide(.cancelled, for: subject.with(job.state), by: rules)
                return
            }
            let permission = await provider.gate.admit(.cancel)
            if case .wait(let time) = permission { return await recorder.postpone(subject, by: time) }
            let begun = ContinuousClock.now
            let outcome = await tell(provider.client, job)
            if let outcome {
                await provider.gate.report(.cancel, permission, failure: outcome.failure, took: .now - begun)
            } else {
                await provider.gate.withdraw(permission)
            }
            if case .failure(let failure)? = outcome {
                await recorder.decide(.cancelFailed(failure), for: subject.with(job.state), by: rules, detail: "cancel: \(failure.code)")
            } else {
                await recorder.decide(.cancelled, for: subject.with(job.state), by: rules)
            }
        } catch {
            logger.warning("a job was not cancelled yet, its lease brings it back: \(error)", metadata: DecisionRecorder.metadata(subject))
        }
    }

    /// - Returns: `nil` when there is nothing to tell the provider.
    private func tell(_ client: ProviderClient, _ job: ExportJob) async -> CancelOutcome? {
        let context = JobContext(job)
        if let handle = job.exportHandle { return await client.cancel(context, exportHandle: handle) }
        guard job.state.mayHaveExport, client.definition.canCancel else { return nil }
        switch await client.find(context) {
        case .found(let handle): return await client.cancel(context, exportHandle: handle)
        case .notFound: return nil
        case .failed(let failure): return .failure(failure)
        }
    }
}

extension DecisionRecorder.Subject {
    /// The same job with all that the store knows of its state; a wake carries less.
    fileprivate func with(_ state: JobState) -> DecisionRecorder.Subject {
        DecisionRecorder.Subject(id: id, version: version, provider: provider, correlationID: correlationID, state: state)
    }
}
