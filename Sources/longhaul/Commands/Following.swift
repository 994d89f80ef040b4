import EventThread
import ExportCore
import Foundation
import JobMessages
import JobStore

/// Follows submitted jobs until they end.
struct Following {
    let ids: [JobID]
    let json: Bool
    /// The longest time to follow. The jobs continue after it.
    let timeout: Duration?
    /// When the submission began: an older dead letter is about an earlier submission of the same id.
    let begun: Date

    private static let page = 500

    /// - Throws: a `Problem` with exit code 1 if a job failed, did not appear or did not end in time.
    func run(_ settings: Settings, on thread: EventThread) async throws {
        let connection = try await StoreConnection.open(settings, name: "longhaul-submit", on: thread, logger: Terminal.quietLogger)
        let start = ContinuousClock.now
        var missing = MissingJobs(settings, begun: begun)
        var waiting = WaitingProviders()
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
                let unfinished = known.filter { !$0.state.status.isFinal }
                try await waiting.tell(about: Set(unfinished.map(\.request.provider)), connection.store)
                var ended = Set(known.filter { $0.state.status.isFinal }.map(\.id))
                for (id, letter) in try await missing.letters(of: turn, known: known.lazy.map(\.id)) {
                    failed += 1
                    ended.insert(id)
                    show(id, letter)
                }
                // A letter may be about a job of another page.
                if !ended.isSubset(of: turn) { open = open.filter { !ended.contains($0) }[...] }
                open = open + turn.filter { !ended.contains($0) }
            } catch let error as JobStoreError {
                guard error.isRetriable else { throw Problem.unavailable("LONGHAUL_REDIS_URL: \(error)") }
                open = open + turn
            }
            bar.update(ids.count - open.count, note: failed > 0 ? "\(failed) failed" : "")
            if let timeout, .now - start > timeout, !open.isEmpty {
                let example = open.first.map { "; `longhaul job \($0)` shows what it waits for" } ?? ""
                throw Problem.failed("\(open.count) of \(ids.count) jobs have not ended within --timeout; they continue\(example)")
            }
            if !open.isEmpty { try await Task.sleep(for: .milliseconds(open.count > Self.page ? 20 : 250)) }
        }
        bar.finish(ids.count, note: failed > 0 ? "\(failed) failed" : "")
        await connection.close()
        if failed > 0 { throw Problem.failed("\(failed) of \(ids.count) jobs failed; `longhaul jobs --status failed` shows why") }
    }

    private func show(_ job: Job) {
        if json { return Terminal.line(JobDescription.json(JobDescription(job: job).members)) }
        show(job.id, job.state.status, job.error.map { "\($0.code): \($0.message)" } ?? "\(job.state.filesDone) files")
    }

    private func show(_ id: JobID, _ letter: DeadLetterRecord) {
        if json { return Terminal.line(JobDescription.json(LetterDescription(letter: letter, now: Date()).members)) }
        show(id, .failed, "\(letter.reason): \(letter.explanation); see `longhaul dead-letters show \(letter.id)`")
    }

    private func show(_ id: JobID, _ status: JobStatus, _ detail: String) {
        if Terminal.isErrorTerminal { Terminal.write("\r\u{1B}[2K") }
        Terminal.line("\(id)  \(Terminal.paint(status.rawValue, JobDescription.colour(status)))  \(detail)")
    }
}
