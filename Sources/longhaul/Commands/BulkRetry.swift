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

    struct Counts: Equatable {
        var retried = 0
        var notFailed = 0
        var unknown = 0

        func text(dryRun: Bool) -> String {
            "\(retried) \(dryRun ? "would be retried" : "retried")" + (notFailed > 0 ? ", \(notFailed) not failed" : "")
                + (unknown > 0 ? ", \(unknown) unknown" : "")
        }
    }

    private static let page = 500

    func run(_ ids: [JobID]) async throws -> Counts {
        var counts = Counts()
        var bar = ProgressBar("retried", total: ids.count)
        for id in ids {
            try await retry(id, &counts)
            if ids.count > 1 { bar.update(counts.retried) }
        }
        if ids.count > 1 { bar.finish(counts.retried) }
        return counts
    }

    /// Retries all failed jobs that match. A job that fails again during the run is not retried twice.
    func run(_ matches: (Job) -> Bool) async throws -> Counts {
        var counts = Counts()
        var seen = 0
        let until = try await store.now()
        var bar = ProgressBar("checked", total: try await store.counts()[.failed])
        // This command and others shrink the list while it is read: repeat until a pass retries nothing more.
        var before = -1
        while before < counts.retried {
            before = counts.retried
            try await pass(until, matches, &bar, &seen, &counts)
            if dryRun { break }
        }
        bar.finish(seen, note: counts.text(dryRun: dryRun))
        return counts
    }

    private func pass(
        _ until: Int64, _ matches: (Job) -> Bool, _ bar: inout ProgressBar, _ seen: inout Int, _ counts: inout Counts
    ) async throws {
        for partition in 0..<store.partitions {
            var skipped = 0
            while true {
                let page = try await store.failed(in: partition, until: until, skipping: skipped, limit: Self.page)
                if page.found == 0 { break }
                let chosen = page.jobs.filter(matches)
                let before = counts.retried
                for job in chosen {
                    try await retry(job.id, &counts)
                    bar.update(seen, note: counts.text(dryRun: dryRun))
                }
                // Retried jobs are no longer in the list.
                skipped += page.found - (dryRun ? 0 : counts.retried - before)
                seen += page.found
                bar.update(seen, note: counts.text(dryRun: dryRun))
            }
        }
    }

    private func retry(_ id: JobID, _ counts: inout Counts) async throws {
        let begun = ContinuousClock.now
        let outcome = dryRun ? try await look(at: id) : try await interpreter.retry(id, fromStart: fromStart)
        switch outcome {
        case .retried(let status):
            counts.retried += 1
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
