import ExportCore
import JobStore
import Logging
import Retry

/// Tells the store how an attempt at a file ended: the last step of every transfer.
struct OutcomeRecorder: Sendable {
    let store: JobStore
    let letters: FailedFileLetters
    let storage: StorageWatch
    /// How long a claim for a manifest holds.
    let manifestLease: Duration
    let metrics: WorkerMetrics

    /// - Returns: the job, claimed for its manifest, when the file was its last.
    func record(
        _ outcome: TransferOutcome, of claimed: ClaimedFile, under lease: FileLease, policy: RetryPolicy, logger: Logger
    ) async -> ManifestClaim? {
        switch outcome {
        case .stored(let objects):
            storage.worked()
            return await finish(claimed, objects, lease, logger)
        case .failed(let failure):
            storage.failed(failure)
            await fail(claimed, failure, lease, policy, logger)
        case .leaseLost:
            metrics.count(.leaseLost)
            logger.warning("transfer given up: the lease is lost")
        case .aborted: await handBack(claimed, lease, logger)
        }
        return nil
    }

    /// Gives up a file whose attempts were used up by workers that did not live to tell why.
    func recordExhausted(_ claimed: ClaimedFile, attempts: Int, logger: Logger) async {
        let failure = Failure(
            .permanent, code: "file-attempts-exhausted", message: "\(attempts) attempts brought no result")
        guard await letters.publish(claimed, failure, attempts: attempts) else { return metrics.count(.unrecorded) }
        do {
            guard try await store.failFile(claimed, failure: failure, retryAfter: nil) else { return metrics.count(.leaseLost) }
            metrics.count(.exhausted)
            logger.error("file given up: \(failure.message)", metadata: ["errorCode": "\(failure.code)"])
        } catch {
            metrics.count(.unrecorded)
            logger.warning("a failure was not stored, the job's timer brings the file back: \(error)")
        }
    }
}

extension OutcomeRecorder {
    private func finish(
        _ claimed: ClaimedFile, _ objects: [StoredObject], _ lease: FileLease, _ logger: Logger
    ) async -> ManifestClaim? {
        let answer = await insist(lease, logger) { () async throws(JobStoreError) in
            let sentAt = ContinuousClock.now
            return (try await store.finishFile(claimed, objects: objects, manifestLease: manifestLease), sentAt)
        }
        guard let (finished, sentAt) = answer else { return nil }
        guard let finished else {
            metrics.count(.leaseLost)
            logger.warning("stored, but too late: the lease is lost, or the job is over")
            return nil
        }
        let bytes = objects.reduce(0) { $0 + $1.bytes }
        metrics.count(.stored)
        metrics.stored.increment(by: bytes)
        logger.info("file stored", metadata: ["objects": "\(objects.count)", "bytes": "\(bytes)"])
        return finished.manifest.map { ManifestClaim(job: $0, at: sentAt, objects: $0.state.filesTotal == 1 ? objects : nil) }
    }

    private func fail(
        _ claimed: ClaimedFile, _ failure: Failure, _ lease: FileLease, _ policy: RetryPolicy, _ logger: Logger
    ) async {
        let delay = TransferOutcome.retryDelay(
            after: failure, attempt: claimed.attempt, policy: policy, random: .random(in: 0..<1))
        // Before the store: at worst there are two letters, never none. Without one the file's lease brings it back.
        if delay == nil, await !letters.publish(claimed, failure, attempts: claimed.attempt) { return metrics.count(.unrecorded) }
        let isStored = await insist(lease, logger) { () async throws(JobStoreError) in
            try await store.failFile(claimed, failure: failure, retryAfter: delay, counts: failure.countsAsAttempt)
        }
        guard let isStored else { return }
        guard isStored else { return metrics.count(.leaseLost) }
        let metadata: Logger.Metadata = ["errorCode": "\(failure.code)"]
        guard let delay else {
            metrics.count(.failed)
            return logger.error("file given up: \(failure.message)", metadata: metadata)
        }
        metrics.count(.retried)
        metrics.retried.increment()
        logger.notice("transfer failed, tried again in \(delay): \(failure.message)", metadata: metadata)
    }

    /// The file is free again at once: its timer is due, and whoever looks after it publishes a new message.
    private func handBack(_ claimed: ClaimedFile, _ lease: FileLease, _ logger: Logger) async {
        let failure = Failure(.transient, code: "worker-shutdown", message: "the worker was shut down during the transfer")
        let isStored = await insist(lease, logger) { () async throws(JobStoreError) in
            try await store.failFile(claimed, failure: failure, retryAfter: .zero, counts: false)
        }
        guard let isStored else { return }
        metrics.count(isStored ? .handedBack : .leaseLost)
        logger.notice("transfer aborted by the shutdown and handed back")
    }

    /// Asks until the store answers or the lease has run out. The scripts refuse whoever has lost the lease, so that asking again after
    /// a lost answer is harmless.
    /// - Returns: `nil` when the store did not answer in time: the file's timer brings it back.
    private func insist<Value: Sendable>(
        _ lease: FileLease, _ logger: Logger, _ body: () async throws(JobStoreError) -> Value
    ) async -> Value? {
        let value = await retry(until: { await !lease.isHeld }, body) { error in
            logger.warning("the outcome is not stored yet: \(error)")
            return true
        }
        if value == nil {
            metrics.count(.unrecorded)
            logger.warning("the outcome was not stored in time; the file's timer brings it back")
        }
        return value
    }
}
