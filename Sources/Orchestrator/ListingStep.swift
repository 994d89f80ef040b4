import ExportCore
import JobStore
import Logging
import ProviderAPI

/// Lists the files of an export that is ready, page by page. Each page is stored before its messages are published, and the page that
/// comes next is stored with it: who dies here is followed by one who goes on from there.
struct ListingStep: Sendable {
    let store: JobStore
    let providers: ProviderDirectory
    let recorder: DecisionRecorder
    let downloads: DownloadPublisher
    let leases: LeaseKeeper
    let maxFiles: Int
    let metrics: OrchestratorMetrics
    let logger: Logger

    /// A job whose export a check has just found ready. The store has it as POLLING: the change to READY is stored with the first page,
    /// or with what comes instead of one.
    struct Found: Sendable {
        /// As the wake brought it.
        let subject: DecisionRecorder.Subject
        /// Replaces what is known of the export.
        let exportHandle: String?
    }

    /// - Parameter found: `nil` for a job that is READY in the store.
    func run(_ subject: DecisionRecorder.Subject, _ found: Found? = nil) async {
        do {
            guard let provider = providers[subject.provider] else {
                return await recorder.providerUnknown(subject)
            }
            if found == nil, let verdict = provider.machine.verdictAtClaim(subject.state) {
                await recorder.record(verdict, for: subject)
                return
            }
            guard let job = try await store.job(subject.id), job.version == subject.version else {
                return metrics.wakesStale.increment()
            }
            try await list(Listing(job, subject, found, provider))
        } catch {
            logger.warning("listing stopped, the lease brings the job back: \(error)", metadata: DecisionRecorder.metadata(subject))
        }
    }

    /// How far a list has been read.
    struct Listing: Sendable {
        let job: ExportJob
        let provider: ProviderDirectory.Entry
        let exportHandle: String
        var subject: DecisionRecorder.Subject
        /// Until it is stored.
        var found: Found?
        /// Of the page that comes next; `nil`: the first.
        var cursor: String?
        var emptyPages = 0

        init(_ job: ExportJob, _ subject: DecisionRecorder.Subject, _ found: Found?, _ provider: ProviderDirectory.Entry) {
            self.job = job
            self.provider = provider
            exportHandle = found?.exportHandle ?? job.exportHandle ?? "{}"
            self.subject = subject.advanced(to: job.version, job.state)
            self.found = found
            cursor = job.listingCursor
        }
    }

    private func list(_ start: Listing) async throws {
        var listing = start
        let (job, provider) = (start.job, start.provider)
        await leases.goOn(job.id, version: job.version)
        while true {
            let permission = await provider.gate.admit(.list)
            if case .wait(let time) = permission {
                if let subject = await ready(listing) { await recorder.postpone(subject, by: time) }
                return
            }
            let begun = ContinuousClock.now
            let outcome = await provider.client.files(JobContext(job), exportHandle: listing.exportHandle, page: listing.cursor)
            await provider.gate.report(.list, permission, failure: outcome.failure, took: .now - begun)
            switch outcome {
            case .failure(let failure):
                metrics.countListing(StepOutcome(failure.failureClass))
                guard let subject = await ready(listing) else { return }
                await recorder.decide(
                    .stepFailed(ProviderGate.forJob(failure, permission)), for: subject, by: provider.machine, detail: failure.code)
                return
            case .page(let files, let next):
                metrics.countListing(.succeeded)
                listing.emptyPages = files.isEmpty ? listing.emptyPages + 1 : 0
                if let error = refusal(of: files.count, next, listing) {
                    guard let subject = await ready(listing) else { return }
                    await recorder.decide(.listingRefused(error), for: subject, by: provider.machine)
                    return
                }
                guard let advanced = try await store(files, next, listing) else { return metrics.wakesStale.increment() }
                (listing.subject, listing.found) = (advanced, nil)
                await leases.goOn(job.id, version: advanced.version)
                guard let next else { return }
                listing.cursor = next
            }
        }
    }

    /// The job as READY in the store, where it is not yet; `nil` when that could not be stored.
    private func ready(_ listing: Listing) async -> DecisionRecorder.Subject? {
        guard let found = listing.found else { return listing.subject }
        let stored = await recorder.decide(
            .ready, for: listing.subject, by: listing.provider.machine, isCheck: true, exportHandle: found.exportHandle)
        return stored.map { listing.subject.advanced(to: $0.version, $0.decision.state) }
    }

    /// Pages in a row that list nothing and name a next one.
    private static let maxEmptyPages = 100

    /// What makes a list endless.
    private func refusal(of count: Int, _ next: String?, _ listing: Listing) -> JobError? {
        if listing.subject.state.filesTotal + count > maxFiles {
            return JobError(code: "too-many-files", message: "the export lists more than \(maxFiles) files; raise LONGHAUL_MAX_FILES")
        }
        if let next, next == listing.cursor || listing.emptyPages >= Self.maxEmptyPages {
            return JobError(code: "paging-loop", message: "the file list goes on without listing anything")
        }
        return nil
    }
}
