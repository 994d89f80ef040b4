import Foundation
import JobMessages

/// Selects letters; without conditions, all.
struct LetterFilter: Sendable {
    var provider: String?
    var reason: String?
    /// Compared with the time of the last failure; a letter without that time matches neither.
    var olderThan: Duration?
    var newerThan: Duration?
    /// Empty matches any id.
    var ids: Set<String> = []

    func matches(_ letter: DeadLetterRecord, at now: Date) -> Bool {
        if let provider, letter.provider != provider { return false }
        if let reason, letter.reason != reason { return false }
        if !ids.isEmpty, !ids.contains(letter.id) { return false }
        guard olderThan != nil || newerThan != nil else { return true }
        guard let age = letter.age(at: now) else { return false }
        if let olderThan, age < olderThan { return false }
        if let newerThan, age > newerThan { return false }
        return true
    }
}

extension DeadLetterRecord {
    /// The time since the last failure.
    func age(at now: Date) -> Duration? { lastFailure.map { .seconds(max(now.timeIntervalSince($0), 0)) } }
}
