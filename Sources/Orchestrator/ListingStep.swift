import Archive
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

    func run(_ subject: DecisionRecorder.Subject) async {
        do {
            guard let provider = providers[subject.provider] else {
                return await recorder.providerUnknown(subject)
            }
            if let verdict = provider.machine.verdictAtClaim(subject.state) {
                await recorder.record(verdict, for: subject)
                return
            }
            guard let job = try await store.job(subject.id), job.version == subject.version else {
                return metrics.wakesStale.increment()
            }
            try await list(job, subject, provider)
        } catch {
            logger.warning("listing stopped, the lease brings the job back: \(error)", metadata: DecisionRecorder.metadata(subject))
        }
    }

    private func list(_ job: ExportJob, _ start: DecisionRecorder.Subject, _ provider: ProviderDirectory.Entry) async throws {
        var subject = start.advanced(to: job.version, job.state)
        var cursor = job.listingCursor
        var emptyPages = 0
        await leases.goOn(job.id, version: job.version)
        while true {
            let permission = await provider.gate.admit(.list)
            if case .wait(let time) = permission { return await recorder.postpone(subject, by: time) }
            let begun = ContinuousClock.now
            let outcome = await provider.client.files(JobContext(job), exportHandle: job.exportHandle ?? "{}", page: cursor)
            await provider.gate.report(.list, permission, failure: outcome.failure, took: .now - begun)
            switch outcome {
            case .failure(let failure):
                metrics.countListing(StepOutcome(failure.failureClass))
                await recorder.decide(
                    .stepFailed(ProviderGate.forJob(failure, permission)), for: subject, by: provider.machine, detail: failure.code)
                return
            case .page(let files, let next):
                metrics.countListing(.succeeded)
                emptyPages = files.isEmpty ? emptyPages + 1 : 0
                if let error = refusal(of: files.count, next, after: cursor, emptyPages, subject) {
                    await recorder.decide(.listingRefused(error), for: subject, by: provider.machine)
                    return
                }
                guard let advanced = try await store(files, next, cursor, job, subject, provider.machine) else {
                    return metrics.wakesStale.increment()
                }
                subject = advanced
                await leases.goOn(job.id, version: advanced.version)
                guard let next else { return }
                cursor = next
            }
        }
    }

    /// Pages in a row that list nothing and name a next one.
    private static let maxEmptyPages = 100

    /// What makes a list endless.
    private func refusal(
        of count: Int, _ next: String?, after cursor: String?, _ emptyPages: Int, _ subject: DecisionRecorder.Subject
    ) -> JobError? {
        if subject.state.filesTotal + count > maxFiles {
            return JobError(code: "too-many-files", message: "the export lists more than \(maxFiles) files; raise LONGHAUL_MAX_FILES")
        }
        if let next, next == cursor || emptyPages >= Self.maxEmptyPages {
            return JobError(code: "paging-loop", message: "the file list goes on without listing anything")
        }
        return nil
    }

    private func store(
        _ files: [ListedFile], _ next: String?, _ cursor: String?, _ job: ExportJob, _ subject: DecisionRecorder.Subject,
        _ machine: JobStateMachine
    ) async throws -> DecisionRecorder.Subject? {
        guard let decision = machine.decide(.pageListed(isLast: next == nil), in: subject.state, random: 0) else { return nil }
        let tasks = files.enumerated().map { offset, file in
            FileTask(
                name: Self.safeName(file.name, index: subject.state.filesTotal + offset), url: file.url, bytes: file.bytes,
                sha256: file.sha256, page: cursor, listedName: file.name)
        }
        guard let added = try await store.addFiles(tasks, to: job.id, version: subject.version, decision: decision, cursor: next) else {
            return nil
        }
        var state = decision.state
        state.filesTotal = added.filesTotal
        let advanced = subject.advanced(to: added.version, state)
        let indices = Array(added.first..<added.filesTotal)
        metrics.downloadsListed.increment(
            by: await downloads.publish(files: indices, of: advanced, priority: job.priority, traceparent: job.traceparent))
        if state.status == .processing {
            metrics.countTransition(to: .processing)
            logger.info("job is PROCESSING: \(added.filesTotal) files", metadata: DecisionRecorder.metadata(advanced))
            // Nothing to transfer, or the workers were faster than the list.
            if added.filesEnded == added.filesTotal {
                await downloads.publishManifest(of: advanced, priority: job.priority, traceparent: job.traceparent)
            }
        }
        return advanced
    }

    /// A name from outside as a path under the job's folder. What is unfit for one gets a name by its index.
    private static func safeName(_ name: String, index: Int) -> String {
        (try? SafePath.relative(name)) ?? "file-\(index)"  // refused names are the provider's, and not worth a job
    }
}
