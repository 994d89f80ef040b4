import ExportCore
import JobStore
import Lifecycle
import Logging
import ProviderAPI

/// Ends a job on request: cancels its export at the provider, if one runs, and then fails the job with `cancelled`. Transfers of its files
/// lose their leases and remove what they have uploaded.
struct ExportCancellation: Sendable {
    let store: JobStore
    let resolver: JobResolver
    let metrics: OrchestratorMetrics
    let logger: Logger

    func run(_ wake: ClaimedJob) async {
        do {
            // A cancellation needs more of the job than its wake carries.
            guard let job = try await store.job(wake.id)?.claimed(by: wake), job.isCancelRequested else {
                return metrics.wakesStale.increment()
            }
            guard resolver.providers[job.request.provider] != nil || ExportHandle.plan(of: job.exportHandle) != nil else {
                // This orchestrator does not know the provider, and maybe no other does.
                await resolver.interpreter.carryOut(.cancelled, for: job, by: JobMachine(rules: JobRules()))
                return
            }
            guard let provider = await resolver.resolve(job) else { return }
            let event = await tell(provider, job)
            let detail = if case .cancelFailed(let failure) = event { "cancel: \(failure.code)" } else { "" }
            await resolver.interpreter.carryOut(event, for: job, by: provider.machine, detail: detail)
        } catch {
            logger.warning(
                "a job was not cancelled yet; its lease brings it back: \(error)", metadata: TransitionReporter.metadata(wake))
        }
    }

    /// Cancels the export at the provider, if there is one.
    /// - Returns: the event for the job.
    private func tell(_ provider: Provider, _ job: ClaimedJob) async -> JobEvent {
        guard job.exportHandle != nil || job.state.mayHaveExport else { return .cancelled }
        guard provider.definition.canCancel else { return Self.untold("no-cancel", "its provider file has no `cancel`") }
        guard job.exportHandle != nil || provider.definition.createSafety.contains(.find) else {
            return Self.untold("unknown-export", "a create may have taken effect, and without `find` the export's id is not known")
        }
        let permission = await provider.gate.admit(.cancel)
        if case .wait(let time) = permission {
            // A cancellation must end even when the provider is down for days.
            guard case .down? = await provider.gate.obstacle(.cancel)?.why else {
                return .cancelFailed(.paused("it must not be asked now", for: time))
            }
            return .cancelFailed(Failure(.transient, code: "provider-down", message: "it must not be asked now", retryAfter: time))
        }
        let begun = ContinuousClock.now
        let outcome = await send(provider.client, job)
        if case .notInThisState(let state) = outcome {
            await provider.gate.withdraw(permission, .cancel)
            return Self.untold("not-in-this-state", "the provider cancels no export that is \(state)")
        }
        let failure = await provider.gate.report(
            .cancel, permission, of: job.id, failure: outcome.failure, took: .now - begun, budget: await provider.client.takeBudget(.cancel)
        )
        return failure.map { .cancelFailed($0) } ?? .cancelled
    }

    private func send(_ client: ProviderClient, _ job: ClaimedJob) async -> CancelOutcome {
        let context = JobContext(step: job)
        if let handle = job.exportHandle { return await client.cancel(context, exportHandle: handle) }
        switch await client.find(context, for: .cancel) {
        case .found(let handle): return await client.cancel(context, exportHandle: handle)
        case .notFound: return .cancelled
        case .failed(let failure): return .failure(failure)
        }
    }

    private static func untold(_ code: String, _ message: String) -> JobEvent {
        .cancelFailed(Failure(.permanent, code: code, message: message))
    }
}
