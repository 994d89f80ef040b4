import Foundation
import JobMessages

/// The ids of the letters that a filter selects. The command changes what was shown and confirmed, and not what has arrived since.
struct LetterSelection: Sendable {
    /// The number of letters with each id. Equal letters have the same id.
    private(set) var ids: [String: Int] = [:]
    private(set) var reasons: [String: Int] = [:]

    var count: Int { ids.values.reduce(0, +) }

    /// - Parameter solved: selects only letters that are solved; `nil` selects all.
    /// - Throws: a `Problem`, also if a given id is not found.
    static func make(_ scan: LetterScan, _ filter: LetterFilter, solved: SolvedLetters? = nil) async throws -> LetterSelection {
        var selection = LetterSelection()
        let now = Date()
        try await scan.forEachPage { page in
            var letters = page.map(\.record).filter { filter.matches($0, at: now) }
            if let solved { letters = zip(letters, try await solved.states(of: letters)).filter { $1?.isSolved == true }.map(\.0) }
            for letter in letters {
                selection.ids[letter.id, default: 0] += 1
                selection.reasons[letter.reason, default: 0] += 1
            }
            return true
        }
        if let missing = filter.ids.subtracting(selection.ids.keys).min() {
            throw Problem.failed(
                "there is no letter \(missing), or it does not match the filters; see `longhaul dead-letters list`")
        }
        return selection
    }

    /// `3 letters: 2 http-403, 1 not-json`
    var summary: String { LetterDescription.summary(reasons, "letter") }
}
