import ExportCore
import Lifecycle

/// What an orchestrator contributes to the actions of a job.
struct OrchestratorEffects: JobEffects {
    let providers: ProviderDirectory
    let durations: UsualDurations
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

    func learn(_ duration: Duration, of job: ClaimedJob) async {
        guard let provider = providers[job] ?? providers[job.request.provider] else { return }
        await durations.learn(duration, provider: provider.name, kind: await provider.kind(.init(check: job)))
    }

    func releasePlace(of job: ClaimedJob) async { await providers[job.request.provider]?.places.release(job.id) }
}
