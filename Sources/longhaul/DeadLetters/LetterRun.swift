import Foundation
import JobMessages
import JobStore
import RabbitMQ

/// Runs an action on selected letters one by one at a steady rate, and removes the letters that are done.
struct LetterRun: Sendable {
    /// The outcome for a letter.
    struct Done: Sendable, Equatable {
        /// The word in the report: `retried`, `left`.
        var what: String
        var detail: String
        /// Whether the letter is no longer needed.
        var removes: Bool
    }

    struct Report: Sendable {
        var counts: [String: Int] = [:]
        /// The number of selected letters that were found.
        var total = 0
        /// Why the run ended early, if it did.
        var problem: Problem?
    }

    let scan: LetterScan
    let rate: Double?
    let action: @Sendable (DeadLetterRecord) async throws -> Done
    /// Called for each letter after its action.
    let report: @Sendable (DeadLetterRecord, Done) -> Void

    /// - Parameter chosen: the ids, and the number of letters with each id. Other letters are not touched.
    func run(_ chosen: [String: Int], label: String, showsProgress: Bool) async -> Report {
        var left = chosen
        let total = chosen.values.reduce(0, +)
        var result = Report()
        var pacer = rate.map { Pacer(rate: $0) }
        var bar = showsProgress ? ProgressBar(label, total: total) : nil
        do {
            try await scan.forEach { letter in
                guard let count = left[letter.record.id], count > 0 else { return true }
                left[letter.record.id] = count - 1
                if let delay = pacer?.delay(at: .now), delay > .zero { try await Task.sleep(for: delay) }
                let done = try await action(letter.record)
                if done.removes { try await letter.remove() }
                result.counts[done.what, default: 0] += 1
                result.total += 1
                report(letter.record, done)
                bar?.update(result.total)
                return result.total < total
            }
        } catch  where Task.isCancelled {
            // Reported below. Errors of the interrupted call are caused by the interruption.
        } catch let problem as Problem {
            result.problem = problem
        } catch {
            result.problem = Self.problem(error)
        }
        bar?.finish(result.total)
        if Task.isCancelled {
            result.problem = Problem(
                message: "interrupted; the other letters have not changed; run the command again to continue", code: .init(130))
        }
        return result
    }

    private static func problem(_ error: any Error) -> Problem {
        switch error {
        case let error as JobStoreError: .unavailable("LONGHAUL_REDIS_URL: \(error)")
        case let error as RabbitMQError: .unavailable("LONGHAUL_RABBITMQ_URL: \(error)")
        default: .unavailable("\(error)")
        }
    }
}
