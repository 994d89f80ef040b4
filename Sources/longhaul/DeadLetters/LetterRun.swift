import Foundation
import JobMessages
import JobStore
import RabbitMQ

/// Does something with chosen letters, one after the other at a steady rate, and removes those with which it is done.
struct LetterRun: Sendable {
    /// What was done with a letter.
    struct Done: Sendable, Equatable {
        /// In the words of the report: `retried`, `left`.
        var what: String
        var detail: String
        /// Whether the letter is not needed any more.
        var removes: Bool
    }

    struct Report: Sendable {
        var counts: [String: Int] = [:]
        /// Chosen letters that were met.
        var total = 0
        /// How it ended early, if it did.
        var problem: Problem?
    }

    let scan: LetterScan
    let rate: Double?
    let action: @Sendable (DeadLetterRecord) async throws -> Done
    /// Sees each letter after its action.
    let report: @Sendable (DeadLetterRecord, Done) -> Void

    /// - Parameter chosen: ids, and how many letters have each; others are not touched.
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
            // Said below: whatever the interrupted call complains about is our own doing.
        } catch let problem as Problem {
            result.problem = problem
        } catch {
            result.problem = Self.problem(error)
        }
        bar?.finish(result.total)
        if Task.isCancelled {
            result.problem = Problem(
                message: "interrupted; the other letters are where they were, and the same command goes on", code: .init(130))
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
