import ExportCore
import JobStore
import Logging
import ObjectStorage

/// Writes the manifest of a job whose files are all stored, and completes the job.
///
/// The manifest is the last object of a job, and its presence means that the job is complete: what a failed or cancelled job had
/// stored until then stays, without a manifest. What goes wrong here is left to the job's timer, which brings the manifest's message
/// again; two workers that write it at the same time write the same bytes, and the one that claimed last completes the job.
struct ManifestStep: Sendable {
    let store: JobStore
    let storage: any ObjectStorage
    let watch: StorageWatch
    /// How long a claim of the job holds; a claim is renewed every third of it.
    let lease: Duration
    let metrics: WorkerMetrics

    private static let contentType = "application/json"
    /// A manifest of no more is stored whole, by one request.
    private static let pieceBytes = 256 << 10
    /// Objects that are read at once.
    private static let pageObjects = 2000

    func run(_ claim: ManifestClaim, machine: JobStateMachine, logger: Logger) async {
        let job = claim.job
        do {
            guard let claimed = try await write(claim), try await complete(claimed, machine) else {
                metrics.manifestsStale.increment()
                return logger.notice("manifest given up: the job has changed meanwhile")
            }
            watch.worked()
            metrics.manifestsWritten.increment()
            metrics.completed.increment()
            logger.info("job is COMPLETED", metadata: ["status": "COMPLETED", "files": "\(job.state.filesDone)"])
        } catch {
            metrics.manifestsFailed.increment()
            let failure = Failure(of: error)
            watch.failed(failure)
            if !failure.countsAsAttempt { await forgive(job, logger) }
            logger.warning("manifest not written, the job's timer brings it back: \(error)")
        }
    }

    /// The storage was down, which is not the manifest's fault.
    private func forgive(_ job: ExportJob, _ logger: Logger) async {
        do {
            _ = try await store.claimManifest(of: job.id, lease: lease, counting: .lessOne)
        } catch {
            logger.notice("an attempt at a manifest counts although the storage was down: \(error)")
        }
    }

    /// - Returns: the job by its latest claim; `nil` when it is no longer there to be completed.
    private func write(_ claim: ManifestClaim) async throws -> ExportJob? {
        var upload: (any ObjectUpload)?
        do {
            let claimed = try await write(claim, &upload)
            if claimed == nil { await upload?.abort() }
            return claimed
        } catch {
            await upload?.abort()
            throw error
        }
    }

    /// - Parameter upload: begun when the manifest is of more than one piece.
    private func write(_ begun: ManifestClaim, _ upload: inout (any ObjectUpload)?) async throws -> ExportJob? {
        var claim = begun
        let (job, key) = (claim.job, ObjectKey(claim.job))
        var encoder = ManifestEncoder()
        var piece = encoder.head(job, location: storage.url(key: key.folder))
        for object in claim.objects ?? [] { piece += encoder.object(object) }
        var first = claim.objects == nil ? 0 : job.state.filesTotal
        // Grown and shrunk by what a file turns out to hold.
        var page = 4
        while first < job.state.filesTotal {
            let many = min(page, job.state.filesTotal - first)
            let objects = try await store.objects(of: job.id, from: first, many: many)
            for object in objects {
                piece += encoder.object(object)
                guard piece.count >= Self.pieceBytes else { continue }
                let begun = if let upload { upload } else { try await storage.upload(key: key.manifest, contentType: Self.contentType) }
                upload = begun
                try await begun.write(piece)
                piece.removeAll(keepingCapacity: true)
            }
            first += many
            page = min(max(Self.pageObjects * many / max(objects.count, 1), 1), 500)
            if .now - claim.at > lease / 3, try await !renew(&claim) { return nil }
        }
        piece += encoder.tail(skipped: try await failedFiles(of: job))
        if let upload {
            try await upload.write(piece)
            try await upload.finishParts()
        }
        // Right before it becomes visible: the job may have been cancelled meanwhile.
        if !claim.isFresh, try await !renew(&claim) { return nil }
        if let upload {
            try await upload.commit()
        } else {
            try await storage.put(key: key.manifest, bytes: piece, contentType: Self.contentType)
        }
        return claim.job
    }

    /// - Returns: `false` when the job is over.
    private func renew(_ claim: inout ManifestClaim) async throws -> Bool {
        claim.at = .now
        guard let job = try await store.claimManifest(of: claim.job.id, lease: lease, counting: .nothing) else { return false }
        claim.job = job
        return true
    }

    /// Those that the provider file lets a job go on without.
    private func failedFiles(of job: ExportJob) async throws -> [FailedFile] {
        guard job.state.filesFailed > 0 else { return [] }
        var failed: [FailedFile] = []
        for first in stride(from: 0, to: job.state.filesTotal, by: 200) {
            failed += try await store.failedFiles(of: job.id, from: first, many: min(200, job.state.filesTotal - first))
        }
        return failed
    }

    private func complete(_ job: ExportJob, _ machine: JobStateMachine) async throws -> Bool {
        guard let decision = machine.decide(.manifestWritten, in: job.state, random: 0) else { return false }
        let change = JobChange(
            id: job.id, version: job.version, from: job.state, decision: decision, detail: "\(job.state.filesDone) files")
        guard case .applied = try await store.apply(change) else { return false }
        return true
    }
}
