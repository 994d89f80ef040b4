import ExportCore
import Foundation
import JobMessages

/// Removes the dead letters of jobs that were just retried, in one pass over the queues.
struct RetriedLetters {
    let jobs: Set<JobID>
    /// By the store's clock; a later letter is about a new failure.
    let before: Date

    struct Outcome {
        var removed = 0
        /// Why letters may remain, if they may.
        var note: String?
    }

    /// Letters of each queue that are looked at: a bound on what a retry costs.
    private static let limit = 20_000

    func remove(_ settings: Settings) async -> Outcome {
        var outcome = Outcome()
        guard !jobs.isEmpty else { return outcome }
        do {
            // What a webhook would have told remains true.
            for queue in LetterQueue.allCases where queue != .webhooks {
                var seen = 0
                try await LetterScan(settings, queues: [queue.name]).forEach { letter in
                    seen += 1
                    if isMeant(letter.record) {
                        try await letter.remove()
                        outcome.removed += 1
                    }
                    return seen < Self.limit
                }
                if seen >= Self.limit {
                    outcome.note =
                        "only \(Self.limit) letters of \(queue.name) were looked at; `longhaul dead-letters discard --solved` removes the rest"
                }
            }
        } catch {
            let reason = (error as? Problem)?.message ?? "\(error)"
            outcome.note = "dead letters were not removed: \(reason); `longhaul dead-letters discard --solved` removes them"
        }
        return outcome
    }

    /// A message that never became a job may be about another one, whatever id it carries.
    private func isMeant(_ letter: DeadLetterRecord) -> Bool {
        guard !letter.mayNameAnotherJob, let job = letter.job, jobs.contains(job) else { return false }
        return letter.lastFailure.map { $0 <= before } ?? true
    }
}
