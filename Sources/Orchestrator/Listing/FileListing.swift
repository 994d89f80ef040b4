import ExportCore
import JobStore
import Lifecycle
import Logging
import ProviderAPI
import TraceContext

/// Lists the files of an export that is ready, page by page. Each page is stored before its messages are published, together with the
/// cursor of the next: after a crash the list continues there.
struct FileListing: Sendable {
    let store: JobStore
    let providers: ProviderDirectory
    let line: DownloadLine
    let work: JobsInProgress
    let maxFiles: Int
    let metrics: OrchestratorMetrics
    let logger: Logger

    /// - Parameter job: has just become READY, so that nothing of its list is stored yet.
    func begin(_ job: ClaimedJob, with interpreter: JobInterpreter) async {
        // The wake that led here lacks the priority, which a provider file may ask for.
        if let provider = providers[job], await provider.client.listingReadsJob { return await resume(job, with: interpreter) }
        await list(job, from: nil, interpreter)
    }

    /// - Parameter wake: of a READY job. A page may be stored already; the record has the cursor of the next.
    func resume(_ wake: ClaimedJob, with interpreter: JobInterpreter) async {
        do {
            guard let job = try await store.job(wake.id), let claimed = job.claimed(by: wake) else {
                return metrics.wakesStale.increment()
            }
            // Whoever stored the last page may have died before the job was lined up.
            if job.state.filesTotal > DownloadTurns.atOnce { await line.join(job.request) }
            await list(claimed, from: job.listingCursor, interpreter)
        } catch {
            logger.warning("listing did not begin; the lease brings the job back: \(error)", metadata: TransitionReporter.metadata(wake))
        }
    }

    private func list(_ job: ClaimedJob, from cursor: String?, _ interpreter: JobInterpreter) async {
        await JobTrace.run("list \(job.request.provider)", of: job.request) { span in
            await listAll(job, from: cursor, interpreter, span)
        }
    }

    private func listAll(_ job: ClaimedJob, from cursor: String?, _ interpreter: JobInterpreter, _ span: TraceSpan?) async {
        do {
            guard let provider = await JobResolver(providers: providers, interpreter: interpreter).resolve(job) else { return }
            try await listPages(of: job, from: cursor, provider, interpreter)
        } catch {
            span?.fail("store")
            logger.warning("listing stopped; the lease brings the job back: \(error)", metadata: TransitionReporter.metadata(job))
        }
    }

    /// The provider may not be asked now. The first time, that is stored as a step that was put off, so that its time is bounded.
    private func hold(_ job: ClaimedJob, by delay: Duration, _ provider: Provider, _ interpreter: JobInterpreter) async {
        guard let obstacle = await provider.gate.obstacle(.list) else { return await work.postpone(job, by: delay) }
        if let verdict = provider.machine.verdictWhileHeld(job.state, by: obstacle.why) {
            await interpreter.carryOut(JobChange(job, verdict, detail: verdict.error?.code ?? ""))
        } else if job.state.deferredFor == nil {
            let failure = Failure.paused("\(obstacle.why)", for: delay)
            await interpreter.carryOut(.stepFailed(failure), for: job, by: provider.machine, detail: failure.code)
        } else {
            await work.postpone(job, by: delay)
        }
    }

    private func listPages(of job: ClaimedJob, from cursor: String?, _ provider: Provider, _ interpreter: JobInterpreter) async throws {
        var (job, cursor, emptyPages) = (job, cursor, 0)
        await work.advance(job)
        while let page = await page(of: job, at: cursor, provider, interpreter) {
            if page.files.isEmpty, page.next == nil, job.state.filesTotal == 0, provider.machine.rules.nothingListedWait != nil {
                let failure = Failure.nothingListed
                await interpreter.carryOut(.stepFailed(failure), for: job, by: provider.machine, detail: failure.code)
                return
            }
            emptyPages = page.files.isEmpty ? emptyPages + 1 : 0
            if let error = refusal(of: page.files.count, page.next, after: cursor, emptyPages, job) {
                await interpreter.carryOut(.listingRefused(error), for: job, by: provider.machine)
                return
            }
            let tasks = Self.tasks(page.files, page: cursor, after: job.state.filesTotal)
            guard let stored = try await interpreter.carryOut(page: tasks, next: page.next, of: job, by: provider.machine) else { return }
            guard let next = page.next else { return }
            (job, cursor) = (stored, next)
            await work.advance(job)
        }
    }

    /// The first page that came with the answer that made the job ready, or a page that is asked for.
    /// - Returns: `nil` when the job was dealt with here: it has to wait, or the request failed.
    private func page(
        of job: ClaimedJob, at cursor: String?, _ provider: Provider, _ interpreter: JobInterpreter
    ) async -> ListedPage? {
        if cursor == nil, let page = job.readyPage.flatMap(ListedPage.init(json:)) { return page }
        if provider.definition.data != nil { return await dataPage(of: job, provider, interpreter) }
        let permission = await provider.gate.admit(.list, suspects: [job.state.isSuspect])[0]
        if case .wait(let time) = permission {
            await hold(job, by: time, provider, interpreter)
            return nil
        }
        let begun = ContinuousClock.now
        let outcome = await provider.client.files(JobContext(step: job), exportHandle: job.exportHandle ?? "{}", page: cursor)
        let counted = await provider.gate.report(
            .list, permission, of: job.id, failure: outcome.failure, took: .now - begun, budget: await provider.client.takeBudget(.list))
        provider.metrics.countListing(outcome.failure.map { StepOutcome($0.failureClass) } ?? .succeeded)
        switch outcome {
        case .page(let files, let next): return ListedPage(files: files, next: next)
        case .failure(let failure):
            await interpreter.carryOut(.stepFailed(counted ?? failure), for: job, by: provider.machine, detail: failure.code)
            return nil
        }
    }

    /// The only file of an export whose answers hold the data. The provider is not asked: a worker does that.
    private func dataPage(of job: ClaimedJob, _ provider: Provider, _ interpreter: JobInterpreter) async -> ListedPage? {
        do throws(Failure) {
            return ListedPage(files: [try await provider.client.dataFile(JobContext(step: job), exportHandle: job.exportHandle ?? "{}")])
        } catch {
            await interpreter.carryOut(.stepFailed(error), for: job, by: provider.machine, detail: error.code)
            return nil
        }
    }

    /// The maximum number of consecutive empty pages that name a next one.
    private static let maxEmptyPages = 100

    /// The reason for refusing a list that does not end.
    private func refusal(of count: Int, _ next: String?, after cursor: String?, _ emptyPages: Int, _ job: ClaimedJob) -> JobError? {
        if job.state.filesTotal + count > maxFiles {
            return JobError(code: "too-many-files", message: "the export lists more than \(maxFiles) files; raise LONGHAUL_MAX_FILES")
        }
        if let next, next == cursor || emptyPages >= Self.maxEmptyPages {
            return JobError(code: "paging-loop", message: "the file list continues without listing anything")
        }
        return nil
    }

    /// The files of a page as they are stored. A name that is not a safe path is replaced by what is usable of it, or by the file's index.
    /// - Parameter count: the files of the pages before.
    static func tasks(_ files: [ListedFile], page: String?, after count: Int) -> [FileTask] {
        files.enumerated().map { offset, file in
            FileTask(
                name: SafePath.usable(file.name) ?? "file-\(count + offset)", url: file.url, bytes: file.bytes,
                sha256: file.sha256, page: page, listedName: file.name, namedBy: file.isNamed ? .listing : .url,
                itemID: file.id, unpack: file.unpack?.rawValue, credentials: file.auth.map { $0 ? .sent : .withheld })
        }
    }
}

extension Failure {
    /// Links may appear some time after the export is called ready.
    fileprivate static let nothingListed = Failure(
        .notYet, code: JobError.nothingListed,
        message: "the export is ready, but files.items gives no file; if that is right for this API, write files: { none: ok }")
}
