import ExportCore
import JobStore
import Logging

/// Looks after a job whose files are being transferred: publishes messages that seem lost anew (a purged queue), and the manifest's
/// when every file is stored and the last worker died before it.
struct WatchdogStep: Sendable {
    let store: JobStore
    let providers: ProviderDirectory
    let recorder: DecisionRecorder
    let downloads: DownloadPublisher
    let watchdog: Duration
    let metrics: OrchestratorMetrics
    let logger: Logger

    private static let page = 500
    private static let unknownError = JobError(code: "file-failed", message: "a file could not be fetched")

    func run(_ wake: Wake) async {
        let subject = DecisionRecorder.Subject(wake)
        guard let provider = providers[wake.provider] else {
            return await recorder.providerUnknown(subject)
        }
        do {
            // A slow transfer is progress: the claims that the watchdog counts are its own, and are reset by its own decision.
            if let verdict = provider.machine.verdictAtClaim(wake.state) {
                await recorder.record(verdict, for: subject)
                return
            }
            guard let job = try await store.job(wake.id), job.version == wake.version else { return metrics.wakesStale.increment() }
            try await publishOrphans(job, subject)
            let subject = DecisionRecorder.Subject(job)
            let event = job.state.filesFailed > 0 ? JobEvent.fileFailed(job.fileError ?? Self.unknownError) : .watchdogFired
            guard let stored = await recorder.decide(event, for: subject, by: provider.machine) else { return }
            if stored.decision.action == .writeManifest {
                await downloads.publishManifest(of: subject, priority: job.priority, traceparent: job.traceparent)
            }
        } catch {
            logger.warning("the watchdog stopped, the lease brings it back: \(error)", metadata: DecisionRecorder.metadata(subject))
        }
    }

    private func publishOrphans(_ job: ExportJob, _ subject: DecisionRecorder.Subject) async throws {
        for first in stride(from: 0, to: job.state.filesTotal, by: Self.page) {
            let many = min(Self.page, job.state.filesTotal - first)
            let orphans = try await store.findOrphans(of: job.id, from: first, many: many, watchdog: watchdog)
            guard !orphans.isEmpty else { continue }
            logger.notice("\(orphans.count) files had no worker; published anew", metadata: DecisionRecorder.metadata(subject))
            metrics.downloadsOrphaned.increment(
                by: await downloads.publish(files: orphans, of: subject, priority: job.priority, traceparent: job.traceparent))
        }
    }
}
