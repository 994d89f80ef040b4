import EventThread
import ExportCore
import JobStore

/// Follows submitted jobs to their end.
struct Following {
    let ids: [JobID]
    let json: Bool

    /// - Throws: a `Problem` with exit code 1 when a job failed.
    func run(_ settings: Settings, on thread: EventThread) async throws {
        let connection = try await StoreConnection.open(settings, name: "longhaul-submit", on: thread, logger: Terminal.quietLogger)
        var open = Set(ids)
        var failed = 0
        var bar = ProgressBar("ended", total: ids.count)
        while !open.isEmpty {
            do {
                // The oldest first; all of 100,000 at each turn would be much to ask.
                for job in try await connection.store.jobs(Array(open.prefix(1000))) where job.state.status.isFinal {
                    open.remove(job.id)
                    if job.state.status == .failed { failed += 1 }
                    show(job)
                }
            } catch {
                guard error.isRetriable else { throw Problem.unavailable("LONGHAUL_REDIS_URL: \(error)") }
            }
            bar.update(ids.count - open.count, note: failed > 0 ? "\(failed) failed" : "")
            if !open.isEmpty { try await Task.sleep(for: .milliseconds(250)) }
        }
        bar.finish(ids.count, note: failed > 0 ? "\(failed) failed" : "")
        await connection.close()
        if failed > 0 { throw Problem.failed("\(failed) of \(ids.count) jobs failed; `longhaul jobs --status failed` shows why") }
    }

    private func show(_ job: ExportJob) {
        if json { return Terminal.line(JobDescription.json(JobDescription(job: job).members)) }
        if Terminal.isErrorTerminal { Terminal.write("\r\u{1B}[2K") }
        let status = Terminal.paint(job.state.status.rawValue, JobDescription.colour(job.state.status))
        Terminal.line("\(job.id)  \(status)  \(job.error.map { "\($0.code): \($0.message)" } ?? "\(job.state.filesDone) files")")
    }
}
