import Encoding
import Foundation
import JobMessages
import RabbitMQ

/// A letter as commands print it.
struct LetterDescription {
    let letter: DeadLetterRecord
    let now: Date
    /// Of the letter's job; `nil` if the store does not know it or was not asked.
    var state: SolvedLetters.State?

    static let columns = ["#", "ID", "QUEUE", "AGE", "REASON", "PROVIDER", "JOB", "STATUS", "ATTEMPTS", "EXPLANATION"]

    func row(_ position: Int) -> [String] {
        [
            "\(position)", letter.id, LetterQueue.short(letter.queue), age, letter.reason, letter.provider ?? "–",
            letter.job?.text ?? "–", state.map { $0.isSolved ? "\($0.status.rawValue), solved" : $0.status.rawValue } ?? "–",
            letter.attempts.map { "\($0)" } ?? "–", letter.explanation,
        ]
    }

    var age: String {
        guard let seconds = letter.age(at: now)?.components.seconds else { return "–" }
        return switch seconds {
        case ..<60: "\(seconds)s"
        case ..<3600: "\(seconds / 60)m"
        case ..<86_400: "\(seconds / 3600)h"
        default: "\(seconds / 86_400)d"
        }
    }

    /// The members of the `--json` output.
    var members: [String: Any] {
        var members: [String: Any] = [
            "id": letter.id, "queue": letter.queue, "kind": letter.kind.rawValue, "reason": letter.reason,
            "explanation": letter.explanation, "truncated": letter.isTruncated,
        ]
        members["originalQueue"] = letter.originalQueue
        members["originalExchange"] = letter.originalExchange
        members["originalRoutingKey"] = letter.originalRoutingKey
        members["provider"] = letter.provider
        members["exportJobId"] = letter.job?.text
        members["attempts"] = letter.attempts
        members["jobStatus"] = state?.status.rawValue
        if let state { members["solved"] = state.isSolved }
        members["firstFailure"] = letter.firstFailure.map(Self.time)
        members["lastFailure"] = letter.lastFailure.map(Self.time)
        members["messageId"] = letter.properties.messageID
        members["correlationId"] = letter.properties.correlationID
        return members
    }

    static func time(_ date: Date) -> String { UTCTime(date).timestamp }

    /// `5 letters: 3 http-403, 2 not-json`, most frequent first.
    static func summary(_ counts: [String: Int], _ noun: String) -> String {
        let total = counts.values.reduce(0, +)
        let parts = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { "\($0.value) \($0.key)" }
        return "\(total) \(noun)\(total == 1 ? "" : "s")" + (parts.isEmpty ? "" : ": " + parts.joined(separator: ", "))
    }
}
