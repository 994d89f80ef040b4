import EventThread
import Foundation
import JobMessages
import JobStore

/// The letters that `list` shows and that `show` counts, oldest first.
struct LetterListing {
    /// Without bodies.
    private(set) var letters: [DeadLetterRecord] = []
    /// What the store says about the jobs of the letters, by letter id.
    private(set) var states: [String: SolvedLetters.State] = [:]
    private(set) var reasons: [String: Int] = [:]
    /// Solved letters that are not shown.
    private(set) var hidden = 0
    /// Why the jobs could not be looked up, if so; then all letters are shown.
    private(set) var warning: String?

    /// - Parameters:
    ///   - solved: `nil` looks no jobs up.
    ///   - showsSolved: whether solved letters are part of the list.
    static func read(
        _ scan: LetterScan, _ filter: LetterFilter, solved: SolvedLetters?, showsSolved: Bool, limit: Int?, at now: Date
    ) async throws -> LetterListing {
        var listing = LetterListing()
        var oldest = OldestLetters(limit: limit)
        try await scan.forEachPage { page in
            let letters = page.map(\.record).filter { filter.matches($0, at: now) }
            for (letter, state) in zip(letters, await listing.look(letters, solved)) {
                if let state {
                    if state.isSolved, !showsSolved {
                        listing.hidden += 1
                        continue
                    }
                    listing.states[letter.id] = state
                }
                listing.reasons[letter.reason, default: 0] += 1
                oldest.insert(letter)
            }
            return true
        }
        listing.letters = oldest.letters
        return listing
    }

    private mutating func look(_ letters: [DeadLetterRecord], _ solved: SolvedLetters?) async -> [SolvedLetters.State?] {
        let none = [SolvedLetters.State?](repeating: nil, count: letters.count)
        guard let solved, warning == nil else { return none }
        do {
            return try await solved.states(of: letters)
        } catch {
            warning = "the jobs of the letters could not be looked up, so solved letters are shown too: \(error)"
            return none
        }
    }
}

/// A connection to the store for commands that also work without it.
enum LetterStore {
    /// - Returns: `nil`, with a warning on standard error, if the store cannot be reached.
    static func open(_ settings: Settings, name: String, on thread: EventThread) async throws -> StoreConnection? {
        do {
            return try await StoreConnection.open(settings, name: name, on: thread, logger: Terminal.quietLogger)
        } catch let problem as Problem where problem.code.rawValue == 69 {
            Terminal.error("warning: solved letters are shown too, because their jobs cannot be looked up: \(problem.message)")
            return nil
        }
    }
}
