import ExportCore
import JobStore
import Logging
import ProviderAPI

/// Creates the export of a job, once as far as the provider's API allows it.
///
/// A create whose outcome is not known, because the answer or the process was lost, is sent again with the same idempotency key; and
/// where the API can be asked, the export of the earlier try is looked for first.
struct CreateStep: Sendable {
    let recorder: DecisionRecorder
    let durations: UsualDurations
    let metrics: OrchestratorMetrics
    let logger: Logger

    func run(_ job: ExportJob, _ provider: ProviderDirectory.Entry, _ permission: ProviderGate.Permission) async {
        let subject = DecisionRecorder.Subject(job)
        if let verdict = provider.machine.verdictAtClaim(job.state) {
            await provider.gate.withdraw(permission)
            await recorder.record(verdict, for: subject)
            return await provider.gate.release(job.id)
        }
        let isUncertain = job.state.mayHaveExport
        let context = JobContext(job)
        let begun = ContinuousClock.now
        let outcome = await send(context, provider.client, lookFirst: isUncertain)
        await provider.gate.report(.create, permission, failure: outcome.failure, took: .now - begun)

        let mayBeTwice = isUncertain && provider.client.definition.createSafety.isEmpty
        if mayBeTwice {
            logger.warning(
                """
                a second export may have been created: an earlier create may have taken effect, and the provider file offers none of \
                Idempotency-Key, adopt and find
                """,
                metadata: DecisionRecorder.metadata(subject))
        }
        let isOver = await record(outcome, permission, subject, provider, context, mayBeTwice)
        if isOver { await provider.gate.release(job.id) }
    }

    private func send(_ context: JobContext, _ client: ProviderClient, lookFirst: Bool) async -> CreateOutcome {
        guard lookFirst else { return await client.create(context) }
        switch await client.find(context) {
        case .found(let handle): return .adopted(exportHandle: handle)
        case .failed(let failure): return .failed(failure)
        case .notFound: return await client.create(context)
        }
    }

    /// - Returns: whether no export runs, for certain. A stale decision says nothing: somebody else has the job.
    private func record(
        _ outcome: CreateOutcome, _ permission: ProviderGate.Permission, _ subject: DecisionRecorder.Subject,
        _ provider: ProviderDirectory.Entry, _ context: JobContext, _ mayBeTwice: Bool
    ) async -> Bool {
        let (event, detail, handle): (JobEvent, String, String?)
        switch outcome {
        case .created(let created): (event, detail, handle) = (.created(await hints(context, provider)), "", created)
        case .adopted(let adopted): (event, detail, handle) = (.created(await hints(context, provider)), "adopted", adopted)
        case .failed(let failure):
            (event, detail, handle) = (.stepFailed(ProviderGate.forJob(failure, permission)), failure.code, nil)
        }
        metrics.countCreate(outcome.failure.map { StepOutcome($0.failureClass) } ?? .succeeded)
        let stored = await recorder.decide(
            event, for: subject, by: provider.machine, detail: detail, exportHandle: handle, mayBeCreatedTwice: mayBeTwice)
        return stored.map { $0.decision.state.status != .polling } ?? false
    }

    private func hints(_ context: JobContext, _ provider: ProviderDirectory.Entry) async -> PollHints {
        PollHints(usualDuration: await durations.usual(provider: context.provider, kind: await provider.kind(context)))
    }
}
