import ExportCore
import JobStore
import Lifecycle
import Logging
import ProviderAPI
import TraceContext

/// Creates the export of a job: exactly once, if the provider's API makes that possible.
///
/// A create whose outcome is unknown, because the answer or the process was lost, is repeated with the same idempotency key; where the API
/// offers `find`, the export of the earlier attempt is searched first.
struct ExportCreation: Sendable {
    let resolver: JobResolver
    let durations: KnownDurations
    let logger: Logger

    /// - Parameter permission: the permission with which the job was taken; it is used or withdrawn.
    func run(_ job: ClaimedJob, _ permission: ProviderGate.Permission, _ provider: Provider) async {
        await JobTrace.run("create \(provider.name)", of: job.request) { await create(job, permission, provider, $0) }
    }

    private func create(_ job: ClaimedJob, _ permission: ProviderGate.Permission, _ provider: Provider, _ span: TraceSpan?) async {
        guard await resolver.resolve(job) != nil else { return await provider.gate.withdraw(permission, .create) }
        let isUncertain = job.state.mayHaveExport
        let context = JobContext(step: job)
        let begun = ContinuousClock.now
        let outcome = await send(context, provider.client, lookFirst: isUncertain)
        let failure = await provider.gate.report(
            .create, permission, of: job.id, failure: outcome.failure, took: .now - begun, budget: await provider.client.takeBudget(.create)
        )
        if let failure = outcome.failure { span?.fail(failure.code, failure.message) }
        provider.metrics.countCreate(outcome.failure.map { StepOutcome($0.failureClass) } ?? .succeeded)

        let mayBeTwice = isUncertain && provider.definition.createSafety.isEmpty
        if mayBeTwice { warnOfSecondExport(job) }
        let forecast = await durations.forecast(of: await provider.kind(context), aim: provider.machine.rules.polling.aim)
        let event = outcome.event(
            failure,
            hints: PollHints(
                isDueAtOnce: provider.definition.beginsWithRequest,
                moment: PollMoment(forecast: forecast, clock: provider.clock, stretch: provider.pace.stretch)))
        await resolver.interpreter.carryOut(
            event, for: job, by: provider.machine, detail: Self.detail(outcome), exportHandle: Self.noted(outcome.exportHandle, provider),
            mayBeCreatedTwice: mayBeTwice)
    }

    private func send(_ context: JobContext, _ client: ProviderClient, lookFirst: Bool) async -> CreateOutcome {
        guard lookFirst else { return await client.create(context) }
        switch await client.find(context) {
        case .found(let handle): return .adopted(exportHandle: handle)
        case .failed(let failure): return .failed(failure)
        case .notFound: return await client.create(context)
        }
    }

    /// The job keeps this version of the provider file.
    private static func noted(_ handle: String?, _ provider: Provider) -> String? {
        guard let handle else { return nil }
        var noted = ExportHandle(handle)
        noted.plan = provider.definition.version
        return noted.text
    }

    private static func detail(_ outcome: CreateOutcome) -> String {
        switch outcome {
        case .created: ""
        case .adopted: "adopted"
        case .failed(let failure): failure.code
        }
    }

    private func warnOfSecondExport(_ job: ClaimedJob) {
        logger.warning(
            """
            a second export may have been created: an earlier create may have taken effect, and the provider file offers none of \
            Idempotency-Key, adopt and find
            """,
            metadata: TransitionReporter.metadata(job))
    }
}
