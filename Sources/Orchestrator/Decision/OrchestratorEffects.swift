import EventThread
import ExportCore
import Lifecycle

/// What an orchestrator contributes to the actions of a job.
struct OrchestratorEffects: JobEffects {
    let providers: ProviderDirectory
    let durations: UsualDurations
    let listing: FileListing
    let work: JobsInProgress
    let clock: DueClock
    let partitions: Int
    let thread: EventThread

    /// Runs in its own task, because a list takes at least one request and other jobs of the same message must not wait for it.
    func listFiles(of job: ClaimedJob, with interpreter: JobInterpreter) async {
        await work.enter([job])
        Task(executorPreference: thread) {
            await listing.run(job, with: interpreter)
            await work.leave([job])
        }
    }

    func timerSet(for job: ClaimedJob, after delay: Duration) async {
        await clock.timerSet(on: job.id.partition(of: partitions), after: delay)
    }

    func learn(_ duration: Duration, of job: ClaimedJob) async {
        guard let provider = providers[job.request.provider] else { return }
        await durations.learn(duration, provider: provider.name, kind: await provider.kind(.init(check: job)))
    }

    func releasePlace(of job: ClaimedJob) async { await providers[job.request.provider]?.places.release(job.id) }
}
