import ExportCore
import JobStore
import Lifecycle
import Logging
import ObjectStorage
import TraceContext

/// Writes the manifest of a job whose files have all ended, and completes the job.
///
/// The manifest is the last object of a job. Its presence means that the job is complete: the objects of a failed or cancelled job stay,
/// without a manifest. If this step fails, the job's timer brings the manifest's message again. Two workers that write a manifest at the
/// same time write the same bytes, and the one that claimed the job last completes it.
struct ManifestStep: Sendable {
    let store: JobStore
    let storage: any ObjectStorage
    let interpreter: JobInterpreter
    let watch: StorageWatch
    let cleanup: ExportCleanup
    /// How long a claim of the job lasts; a claim is renewed every third of it.
    let lease: Duration
    let metrics: WorkerMetrics
    let logger: Logger

    /// Whether a job is complete depends on no rule of its provider.
    private static let machine = JobMachine(rules: JobRules())
    private static let contentType = "application/json"
    /// A manifest up to this size is stored by one request.
    private static let pieceBytes = 256 << 10
    /// Objects to read at once.
    private static let pageObjects = 2000

    /// - Returns: `nil` when there is nothing to do: files are still being transferred, or the job has ended.
    func claim(_ id: JobID) async throws(JobStoreError) -> ManifestClaim? {
        let requestedAt = ContinuousClock.now
        guard let job = try await store.claimManifest(of: id, lease: lease) else { return nil }
        return ManifestClaim(job, requestedAt: requestedAt, lease: lease)
    }

    /// - Parameter origin: of the message that asked for it; `nil`: the last file of the job led here.
    func run(_ claim: ManifestClaim, from origin: MessageOrigin? = nil) async {
        let request = claim.job.request
        await JobTrace.run("manifest \(request.provider)", of: request, because: origin?.context) { await complete(claim, $0) }
    }

    private func complete(_ claim: ManifestClaim, _ span: TraceSpan?) async {
        let logger = logger.about(claim.job)
        do {
            guard let claim = try await write(claim), await cleanedUp(claim, logger) else {
                metrics.manifestsStale.increment()
                return logger.notice("job not completed by this manifest: the job changed meanwhile, or the store is away")
            }
            watch.worked()
            metrics.manifestsWritten.increment()
        } catch {
            metrics.manifestsFailed.increment()
            let failure = Failure(of: error)
            span?.fail(failure.code, failure.message)
            watch.failed(failure)
            if !failure.countsAsAttempt { await uncount(claim.job, logger) }
            logger.warning("manifest not written; the job's timer brings it back: \(error)")
        }
    }

    /// Removes the export at its provider, if the provider file says so, and completes the job.
    /// - Returns: whether the job was completed by this claim.
    private func cleanedUp(_ claim: ManifestClaim, _ logger: Logger) async -> Bool {
        var claim = claim
        var detail = "\(claim.job.state.filesDone) files"
        do {
            if let removal = try await cleanup.removal(of: claim.job) {
                while let failure = await removal.attempt() {
                    logger.notice("the export was not removed at its provider: \(failure.message)")
                    guard let pause = removal.pause(after: failure) else {
                        detail += "; the export stays at its provider: \(failure.code)"
                        break
                    }
                    try await Task.sleep(for: pause)
                    if claim.isRenewalDue, try await !claim.renew(in: store) { return false }
                }
            }
        } catch {
            // The manifest is written: nothing that happens here may undo that.
            detail += "; the export may stay at its provider"
            logger.notice("the export may stay at its provider: \(error)")
        }
        return await interpreter.carryOut(.manifestWritten, for: claim.job.claimed, by: Self.machine, detail: detail) != nil
    }

    /// The storage was down, which must not use up an attempt.
    private func uncount(_ job: Job, _ logger: Logger) async {
        do {
            _ = try await store.renewManifestClaim(of: job, lease: lease, counting: .lessOne)
        } catch {
            logger.notice("an attempt at a manifest counts although the storage was down: \(error)")
        }
    }
}

extension ManifestStep {
    /// - Returns: the latest claim; `nil` when the job no longer waits for its manifest.
    private func write(_ claim: ManifestClaim) async throws -> ManifestClaim? {
        var upload: (any ObjectUpload)?
        do {
            let latest = try await write(claim, &upload)
            if latest == nil { await upload?.abort() }
            return latest
        } catch {
            await upload?.abort()
            throw error
        }
    }

    /// - Parameter upload: begun when the manifest has more than one piece.
    private func write(_ begun: ManifestClaim, _ upload: inout (any ObjectUpload)?) async throws -> ManifestClaim? {
        var claim = begun
        let (job, key) = (claim.job, ObjectKey(claim.job))
        var encoder = ManifestEncoder()
        var piece = encoder.head(job, location: storage.url(key: key.folder))
        var named = NamedObjects(of: job)
        for object in claim.objects ?? [] {
            piece += encoder.object(object)
            named?.insert(object)
        }
        var first = claim.objects == nil ? 0 : job.state.filesTotal
        // Adapts to how many objects a file has.
        var page = 4
        while first < job.state.filesTotal {
            let many = min(page, job.state.filesTotal - first)
            let objects = try await store.objects(of: job.id, from: first, many: many)
            for object in objects {
                piece += encoder.object(object)
                named?.insert(object)
                guard piece.count >= Self.pieceBytes else { continue }
                let begun = if let upload { upload } else { try await storage.upload(key: key.manifest, contentType: Self.contentType) }
                upload = begun
                try await begun.write(piece)
                piece.removeAll(keepingCapacity: true)
            }
            first += many
            page = min(max(Self.pageObjects * many / max(objects.count, 1), 1), 500)
            if claim.isRenewalDue, try await !claim.renew(in: store) { return nil }
        }
        piece += encoder.tail(skipped: try await failedFiles(of: job))
        if let upload {
            try await upload.write(piece)
            try await upload.finishParts()
        }
        if let named, try await !named.removeOthers(in: storage, key, &claim, store, logger) { return nil }
        // Right before the manifest becomes visible: the job may have been cancelled meanwhile.
        if !claim.isFresh, try await !claim.renew(in: store) { return nil }
        if let upload {
            try await upload.commit()
        } else {
            try await storage.put(key: key.manifest, bytes: piece, contentType: Self.contentType)
        }
        return claim
    }

    /// The files that the provider file lets a job skip.
    private func failedFiles(of job: Job) async throws -> [FailedFile] {
        guard job.state.filesFailed > 0 else { return [] }
        var failed: [FailedFile] = []
        for first in stride(from: 0, to: job.state.filesTotal, by: 200) {
            failed += try await store.failedFiles(of: job.id, from: first, many: min(200, job.state.filesTotal - first))
        }
        return failed
    }
}
