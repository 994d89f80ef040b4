import Foundation
import JobMessages

/// Letters sorted by the time of their last failure, oldest first, because browsing a queue changes its order. Keeps no bodies and at most
/// `limit` letters.
struct OldestLetters {
    /// `nil` means all.
    let limit: Int?
    private var kept: [DeadLetterRecord] = []

    init(limit: Int?) { self.limit = limit }

    mutating func insert(_ letter: DeadLetterRecord) {
        kept.append(letter)
        kept[kept.count - 1].body = []
        // Rare enough that sorting costs little per letter.
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
