import EventThread
import ExportCore
import JobStore
import Logging
import ObjectStorage
import ProviderAPI

/// Begins what was claimed, each in a place of its own: transfer → outcome → the manifest, if the file was the last.
struct TransferStarter: Sendable {
    let providers: [String: ProviderClient]
    let store: JobStore
    let storage: any ObjectStorage
    let slots: TransferSlots
    let recorder: OutcomeRecorder
    let manifests: ManifestStep
    let configuration: WorkerConfiguration
    let metrics: WorkerMetrics
    let logger: Logger
    let thread: EventThread

    func start(_ claimed: ClaimedFile, claimedAt: ContinuousClock.Instant, traceparent: String?) async {
        let logger = logger(claimed)
        let lease = FileLease(
            claimed, since: claimedAt, length: configuration.lease, store: store, logger: logger, on: thread)
        await slots.start(lease: lease) {
            await transfer(claimed, claimedAt, lease, traceparent, logger)
        }
    }

    func startExhausted(_ claimed: ClaimedFile) async {
        let logger = logger(claimed)
        await slots.start {
            await recorder.recordExhausted(claimed, attempts: claimed.attempt, logger: logger)
            return nil
        }
    }

    func startManifest(_ claim: ManifestClaim) async {
        await slots.start {
            await writeManifest(claim)
            return nil
        }
    }

    /// - Returns: the writing of the manifest, if the file was the last.
    private func transfer(
        _ claimed: ClaimedFile, _ claimedAt: ContinuousClock.Instant, _ lease: FileLease, _ traceparent: String?, _ logger: Logger
    ) async -> TransferSlots.Ending? {
        let policy = providers[claimed.job.provider]?.definition.retry ?? RetryPolicy()
        guard claimed.attempt <= policy.attempts else {
            await recorder.recordExhausted(claimed, attempts: claimed.attempt - 1, logger: logger)
            return nil
        }
        let outcome = await TransferSpan.run(claimed, traceparent: traceparent ?? claimed.job.traceparent) {
            await self.outcome(of: claimed, lease, logger)
        }
        // In a task of its own: the outcome is told also when a shutdown has cancelled this one.
        let manifest = await Task(executorPreference: thread) {
            await recorder.record(outcome, of: claimed, under: lease, policy: policy, logger: logger)
        }.value
        metrics.duration.record(duration: .now - claimedAt)
        guard let manifest else { return nil }
        return { await writeManifest(manifest) }
    }

    private func outcome(of claimed: ClaimedFile, _ lease: FileLease, _ logger: Logger) async -> TransferOutcome {
        guard let provider = providers[claimed.job.provider] else {
            // Another worker may know it, or this one after its next start: it is not the file's fault.
            var failure = Failure(
                .transient, code: "unknown-provider", message: "no provider file of that name is loaded; put it into LONGHAUL_PROVIDERS",
                retryAfter: .seconds(15))
            failure.countsAsAttempt = false
            return .failed(failure)
        }
        logger.debug("transfer begins", metadata: ["attempt": "\(claimed.attempt)"])
        return await FileTransfer(
            claimed: claimed, provider: provider, store: store, storage: storage, configuration: configuration, lease: lease,
            metrics: metrics,
            logger: logger, thread: thread
        ).run()
    }

    private func writeManifest(_ claim: ManifestClaim) async {
        let rules = providers[claim.job.provider]?.definition.jobRules ?? JobRules()
        await manifests.run(claim, machine: JobStateMachine(rules: rules), logger: logger(claim.job))
    }

    private func logger(_ job: ExportJob) -> Logger {
        var logger = logger
        logger[metadataKey: "jobId"] = "\(job.id)"
        logger[metadataKey: "correlationId"] = "\(job.correlationID)"
        logger[metadataKey: "provider"] = "\(job.provider)"
        logger[metadataKey: "status"] = "\(job.state.status.rawValue)"
        return logger
    }

    private func logger(_ claimed: ClaimedFile) -> Logger {
        var logger = logger(claimed.job)
        logger[metadataKey: "file"] = "\(claimed.file.name)"
        return logger
    }
}
