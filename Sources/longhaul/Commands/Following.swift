import EventThread
import ExportCore
import Foundation
import JobMessages
import JobStore

/// Follows submitted jobs until they end.
struct Following {
    let ids: [JobID]
    /// What was sent under these ids. The store may have another job of the same id, whose end is not that of the one submitted.
    let requests: [JobID: RequestFingerprint]
    let json: Bool
    /// The longest time to follow. The jobs continue after it.
    let timeout: Duration?
    /// When the submission began: an older dead letter is about an earlier submission of the same id.
    let begun: Date

    private static let page = 500

    /// - Throws: a `Problem` with exit code 1 if a job failed, did not appear or did not end in time.
    func run(_ settings: Settings, on thread: EventThread) async throws {
        let connection = try await StoreConnection.open(settings, name: "longhaul-submit", on: thread, logger: Terminal.quietLogger)
        // Somebody who stops following must still find the job.
        if Terminal.isErrorTerminal, let only = ids.first, ids.count == 1 {
            Terminal.error("job \(only): Ctrl-C stops following it, not the job; `longhaul job \(only)` shows it")
        }
        let start = ContinuousClock.now
        var missing = MissingJobs(settings, begun: begun)
        var waiting = WaitingProviders()
        var open = ids[...]
        var failed = 0
        var uncompared = requests
        var bar = ProgressBar("ended", total: ids.count), live = LiveLine()
        let isOnly = ids.count == 1
        var statuses: [JobID: JobStatus] = [:]
        while !open.isEmpty {
            // Pages of jobs take turns, so that slow jobs do not hide the others.
            let turn = Array(open.prefix(Self.page))
            open = open.dropFirst(turn.count)
            do {
                let known = try await connection.store.jobs(turn)
                let others = Self.others(known, &uncompared)
                let own = known.filter { !others.contains($0.id) }
                let unfinished = own.filter { !$0.state.status.isFinal }
                for job in own { statuses[job.id] = job.state.status.isFinal ? nil : job.state.status }
                try await waiting.tell(about: Set(unfinished.map(\.request.provider)), connection.store)
                for id in others {
                    failed += 1
                    showConflict(id)
                }
                for job in own where job.state.status.isFinal {
                    if job.state.status == .failed { failed += 1 }
                    if isOnly { live.finish() }
                    show(job, ObjectsLocation(job, settings))
                }
                if isOnly, let only = unfinished.first { try await live.update(only.id, connection.store) }
                var ended = others.union(own.lazy.filter { $0.state.status.isFinal }.map(\.id))
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
            if !isOnly { bar.update(ids.count - open.count, note: Self.note(statuses, failed)) }
            if let timeout, .now - start > timeout, !open.isEmpty {
                let example = open.first.map { "; `longhaul job \($0)` shows what it waits for" } ?? ""
                throw Problem.failed("\(open.count) of \(ids.count) jobs have not ended within --timeout; they continue\(example)")
            }
            if !open.isEmpty { try await Task.sleep(for: .milliseconds(open.count > Self.page ? 20 : 250)) }
        }
        if !isOnly { bar.finish(ids.count, note: failed > 0 ? "\(failed) failed" : "") }
        await connection.close()
        if failed > 0 {
            throw Problem.failed("\(failed) of \(counted(ids.count, "job")) failed; `longhaul jobs --status failed` shows why")
        }
    }

    /// Those that ask for something else than what was submitted under their ids. A job never changes: one that is the same is not compared
    /// again.
    private static func others(_ jobs: [Job], _ uncompared: inout [JobID: RequestFingerprint]) -> Set<JobID> {
        var others: Set<JobID> = []
        for job in jobs {
            guard let asked = uncompared[job.id] else { continue }
            if asked == RequestFingerprint(job.request) { uncompared[job.id] = nil } else { others.insert(job.id) }
        }
        return others
    }

    private func showConflict(_ id: JobID) {
        let words = "another job has this exportJobId; it has not changed; submit this one under another exportJobId"
        if json { return Terminal.line(JobDescription.json(["exportJobId": id.text, "reason": "conflict", "explanation": words])) }
        show(id, .failed, "conflict: \(words)")
    }

    /// What the jobs that have not ended do.
    private static func note(_ statuses: [JobID: JobStatus], _ failed: Int) -> String {
        let counts = Dictionary(grouping: statuses.values) { $0 }.mapValues(\.count)
        let parts = JobStatus.allCases.compactMap { status in counts[status].map { "\($0) \(status.rawValue)" } }
        return (parts + (failed > 0 ? ["\(failed) failed"] : [])).joined(separator: ", ")
    }

    private func show(_ job: Job, _ objects: ObjectsLocation) {
        if json {
            var members = JobDescription(job: job).members
            members["objects"] = objects.url
            return Terminal.line(JobDescription.json(members))
        }
        let delivered = counted(job.state.filesDone, "file") + (objects.isComplete ? " at \(objects.text)" : "")
        show(job.id, job.state.status, job.error.map { "\($0.code): \($0.message)" } ?? delivered)
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
