import ExportCore
import JobStore
import Lifecycle
import Logging

/// Watches a job whose files are being transferred: publishes messages again that seem lost (a purged queue), lines the job up again if it
/// has listed files, and publishes the manifest's message if every file has ended and the last worker died before the manifest.
struct TransferWatchdog: Sendable {
    let store: JobStore
    let resolver: JobResolver
    let files: FileInterpreter
    let line: DownloadLine
    let watchdog: Duration
    let metrics: OrchestratorMetrics
    let logger: Logger

    private static let page = 500

    func run(_ wake: ClaimedJob) async {
        do {
            guard let job = try await store.job(wake.id), let claimed = job.claimed(by: wake) else {
                return metrics.wakesStale.increment()
            }
            // The claims that are counted here are the watchdog's own, and its own decision resets them: a slow transfer is progress.
            guard let provider = await resolver.resolve(claimed) else { return }
            try await publishMissing(job, provider)
            await resolver.interpreter.carryOut(.watchdogFired(fileError: job.fileError), for: claimed, by: provider.machine)
        } catch {
            logger.warning("the watchdog stopped; the lease brings it back: \(error)", metadata: TransitionReporter.metadata(wake))
        }
    }

    /// After a retry all files that are not stored are listed. Few of them are published here, as the first files of a list are; not those
    /// of a job that waits for its turn.
    private func publishMissing(_ job: Job, _ provider: Provider) async throws {
        let machine = FileMachine(rules: FileMachine.Rules(retry: provider.definition.retry, watchdog: watchdog))
        var lost = 0, isLinedUp = false
        for first in stride(from: 0, to: job.state.filesTotal, by: Self.page) {
            let page = min(Self.page, job.state.filesTotal - first)
            let missing = try await files.publishMissing(of: job.request, from: first, page: page, machine: machine, atOnce: 0)
            lost += missing.lost
            guard missing.listed > 0, !isLinedUp else { continue }
            isLinedUp = true
            guard await line.join(job.request) else { continue }
            lost += try await files.publishMissing(
                of: job.request, from: first, page: page, machine: machine, atOnce: DownloadTurns.atOnce
            ).lost
        }
        guard lost > 0 else { return }
        logger.notice("published \(lost) files again that had no worker", metadata: TransitionReporter.metadata(job.claimed))
    }
}
