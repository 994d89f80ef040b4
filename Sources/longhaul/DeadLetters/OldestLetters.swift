import Foundation
import JobMessages

/// Letters by the time of their last failure, the oldest first: a queue does not keep its order when it is looked at. Without their
/// bodies, and no more of them than asked for.
struct OldestLetters {
    /// `nil`: all.
    let limit: Int?
    private var kept: [DeadLetterRecord] = []

    init(limit: Int?) { self.limit = limit }

    mutating func insert(_ letter: DeadLetterRecord) {
        kept.append(letter)
        kept[kept.count - 1].body = []
        // Seldom enough that sorting costs little a letter.
        if let limit, kept.count > 1000, kept.count / 2 > limit { kept = letters }
    }

    var letters: [DeadLetterRecord] {
        let sorted = kept.sorted { Self.key($0) < Self.key($1) }
        return limit.map { Array(sorted.prefix($0)) } ?? sorted
    }

    private static func key(_ letter: DeadLetterRecord) -> (Date, String, String) {
        (letter.lastFailure ?? .distantPast, letter.queue, letter.id)
    }
}
