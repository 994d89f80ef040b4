import EventThread
import ExportCore
import JobStore

/// Follows submitted jobs until they end.
struct Following {
    let ids: [JobID]
    let json: Bool
    /// The longest time to follow. The jobs continue after it.
    let timeout: Duration?

    /// How long a job may take to reach the store before it counts as missing.
    private static let admissionTime = Duration.seconds(60)
    private static let page = 500

    /// - Throws: a `Problem` with exit code 1 if a job failed, did not appear or did not end in time.
    func run(_ settings: Settings, on thread: EventThread) async throws {
        let connection = try await StoreConnection.open(settings, name: "longhaul-submit", on: thread, logger: Terminal.quietLogger)
        let start = ContinuousClock.now
        var open = ids[...]
        var failed = 0
        var bar = ProgressBar("ended", total: ids.count)
        while !open.isEmpty {
            // Pages of jobs take turns, so that slow jobs do not hide the others.
            let turn = Array(open.prefix(Self.page))
            open = open.dropFirst(turn.count)
            do {
                let known = try await connection.store.jobs(turn)
                for job in known where job.state.status.isFinal {
                    if job.state.status == .failed { failed += 1 }
                    show(job)
                }
                let ended = Set(known.filter { $0.state.status.isFinal }.map(\.id))
                try refuseMissing(turn, known, start)
                open = open + turn.filter { !ended.contains($0) }
            } catch let error as JobStoreError {
                guard error.isRetriable else { throw Problem.unavailable("LONGHAUL_REDIS_URL: \(error)") }
                open = open + turn
            }
            bar.update(ids.count - open.count, note: failed > 0 ? "\(failed) failed" : "")
            if let timeout, .now - start > timeout, !open.isEmpty {
                throw Problem.failed("\(open.count) of \(ids.count) jobs have not ended within --timeout; they continue")
            }
            if !open.isEmpty { try await Task.sleep(for: .milliseconds(open.count > Self.page ? 20 : 250)) }
        }
        bar.finish(ids.count, note: failed > 0 ? "\(failed) failed" : "")
        await connection.close()
        if failed > 0 { throw Problem.failed("\(failed) of \(ids.count) jobs failed; `longhaul jobs --status failed` shows why") }
    }

    private func refuseMissing(_ asked: [JobID], _ known: [Job], _ start: ContinuousClock.Instant) throws {
        guard .now - start > Self.admissionTime, known.count < asked.count else { return }
        let present = Set(known.map(\.id))
        guard let missing = asked.first(where: { !present.contains($0) }) else { return }
        throw Problem.failed(
            "job \(missing) is not in the store: no orchestrator has admitted it, or its message is in longhaul.jobs.dead; see `longhaul dead-letters list`"
        )
    }

    private func show(_ job: Job) {
        if json { return Terminal.line(JobDescription.json(JobDescription(job: job).members)) }
        if Terminal.isErrorTerminal { Terminal.write("\r\u{1B}[2K") }
        let status = Terminal.paint(job.state.status.rawValue, JobDescription.colour(job.state.status))
        Terminal.line("\(job.id)  \(status)  \(job.error.map { "\($0.code): \($0.message)" } ?? "\(job.state.filesDone) files")")
    }
}
