import Foundation
import JobMessages

/// The letters that a filter chooses, by id: what was shown and confirmed is what is changed, and not what has arrived since.
struct LetterSelection: Sendable {
    /// How many letters have each id: equal ones have the same.
    private(set) var ids: [String: Int] = [:]
    private(set) var reasons: [String: Int] = [:]

    var count: Int { ids.values.reduce(0, +) }

    /// - Throws: a `Problem`; also when an id that was named is not there.
    static func make(_ scan: LetterScan, _ filter: LetterFilter) async throws -> LetterSelection {
        var selection = LetterSelection()
        let now = Date()
        try await scan.forEach { letter in
            if filter.matches(letter.record, at: now) {
                selection.ids[letter.record.id, default: 0] += 1
                selection.reasons[letter.record.reason, default: 0] += 1
            }
            return true
        }
        if let missing = filter.ids.subtracting(selection.ids.keys).min() {
            throw Problem.failed(
                "there is no letter \(missing), or it does not match the filters; `longhaul dead-letters list` shows what there is")
        }
        return selection
    }

    /// `3 letters: 2 http-403, 1 not-json`
    var summary: String { LetterDescription.summary(reasons, "letter") }
}
