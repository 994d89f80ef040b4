import ExportCore
import JobStore
import Lifecycle

/// What an orchestrator contributes to the actions of a job.
struct OrchestratorEffects: JobEffects {
    let store: JobStore
    let providers: ProviderDirectory
    let durations: KnownDurations
    let listing: FileListing
    let line: DownloadLine
    let clock: DueClock
    let partitions: Int

    /// The caller's task and its hold on the job go on until the list has ended.
    func listFiles(of job: ClaimedJob, with interpreter: JobInterpreter) async { await listing.begin(job, with: interpreter) }

    func lineUp(_ job: ClaimedJob) async { await line.join(job.request) }

    func timerSet(for job: ClaimedJob, after delay: Duration) async {
        await clock.timerSet(on: job.id.partition(of: partitions), after: delay)
    }

    func learn(_ observed: ObservedDuration, of job: ClaimedJob) async {
        guard let provider = providers[job] ?? providers[job.request.provider] else { return }
        let kind = await provider.kind(.init(check: job))
        await durations.learn(observed, await found(observed, job, kind, provider), of: kind)
    }

    private func found(_ observed: ObservedDuration, _ job: ClaimedJob, _ kind: ExportKind, _ provider: Provider) async -> FoundExport? {
        guard case .ready(let after, let waited) = observed else { return nil }
        let forecast = await durations.forecast(of: kind, aim: provider.machine.rules.polling.aim)
        var wasPushed = false
        if provider.definition.givesCallback, let ago = try? await store.sinceHint(job.id) { wasPushed = ago <= waited - after }
        return FoundExport(
            checks: job.state.attempts + 1, lag: (waited - after) / 2, waited: waited, predicted: forecast.usual, wasPushed: wasPushed)
    }

    func releasePlace(of job: ClaimedJob) async { await providers[job.request.provider]?.places.release(job.id) }
}
