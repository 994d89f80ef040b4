import ExportCore
import JobStore
import Lifecycle

/// Retries jobs one by one at a steady rate.
struct BulkRetry {
    let store: JobStore
    let interpreter: JobInterpreter
    let fromStart: Bool
    /// The time between two jobs.
    let interval: Duration
    let dryRun: Bool
    let showsJobs: Bool
    let json: Bool

    private static let page = 500

    func run(_ ids: [JobID]) async throws -> RetryCounts {
        var counts = RetryCounts()
        var bar = ProgressBar("retried", total: ids.count)
        for (index, id) in ids.enumerated() {
            try await retry(id, &counts)
            if ids.count > 1 { bar.update(index + 1, note: counts.text(dryRun: dryRun)) }
        }
        if ids.count > 1 { bar.finish(ids.count, note: counts.text(dryRun: dryRun)) }
        return counts
    }

    /// Retries the jobs that the filter chooses. A job that fails again during the run is not retried twice.
    /// - Parameter until: jobs that failed later are left alone.
    func run(_ filter: RetryFilter, until: Int64) async throws -> RetryCounts {
        var counts = RetryCounts()
        var bar = ProgressBar("checked", total: nil)
        var done = 0
        // This command and others shrink the list while it is read: repeat until a pass retries nothing more.
        var before = -1
        while before < counts.retried.count {
            before = counts.retried.count
            // What was retried is no longer in the list, and what a pass left there is read again by the next.
            bar.total = counts.retried.count + (try await store.failedCount(until: until))
            done = try await pass(until, filter, &bar, &counts)
            if dryRun { break }
        }
        bar.total = done
        bar.finish(done, note: counts.text(dryRun: dryRun))
        return counts
    }

    /// - Returns: the number of jobs that this run has decided about.
    private func pass(_ until: Int64, _ filter: RetryFilter, _ bar: inout ProgressBar, _ counts: inout RetryCounts) async throws -> Int {
        counts.cancelled = 0
        /// Jobs that stay in the list.
        var kept = 0
        func done() -> Int { kept + (dryRun ? 0 : counts.retried.count) }
        for partition in 0..<store.partitions {
            var skipped = 0
            while true {
                let page = try await store.failed(in: partition, until: until, skipping: skipped, limit: Self.page)
                if page.found == 0 { break }
                let before = counts.retried.count
                for job in page.jobs {
                    if filter.isLeftOut(job) { counts.cancelled += 1 }
                    guard filter.chooses(job) else { continue }
                    try await retry(job.id, &counts)
                    bar.update(done(), note: counts.text(dryRun: dryRun))
                }
                // Retried jobs are no longer in the list.
                let stays = page.found - (dryRun ? 0 : counts.retried.count - before)
                skipped += stays
                kept += stays
                bar.update(done(), note: counts.text(dryRun: dryRun))
            }
        }
        return done()
    }

    private func retry(_ id: JobID, _ counts: inout RetryCounts) async throws {
        let begun = ContinuousClock.now
        let outcome = dryRun ? try await look(at: id) : try await interpreter.retry(id, fromStart: fromStart, by: Operator.name)
        switch outcome {
        case .retried(let status):
            counts.retried.append(id)
            show(id, dryRun ? "failed" : "retried", dryRun ? "" : "continues as \(status.rawValue)")
        case .notFailed(let status):
            counts.notFailed += 1
            show(id, "not-failed", "the job is \(status.rawValue)")
        case .unknown:
            counts.unknown += 1
            show(id, "unknown", "no such job")
        }
        let rest = interval - (.now - begun)
        if rest > .zero, !dryRun { try await Task.sleep(for: rest) }
    }

    private func look(at id: JobID) async throws -> RetryOutcome {
        guard let status = try await store.job(id)?.state.status else { return .unknown }
        return status == .failed ? .retried(status) : .notFailed(status)
    }

    private func show(_ id: JobID, _ outcome: String, _ detail: String) {
        guard showsJobs else { return }
        if json { return Terminal.line(JobDescription.json(["exportJobId": id.text, "outcome": outcome, "detail": detail])) }
        Terminal.line("\(id)  \(outcome)\(detail.isEmpty ? "" : "  \(detail)")")
    }
}
