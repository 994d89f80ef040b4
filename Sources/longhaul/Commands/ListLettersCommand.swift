import ArgumentParser
import EventThread
import Foundation
import JobMessages

struct ListLettersCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List dead letters, oldest first, with a summary by reason.",
        discussion: """
            Letters whose job has completed or runs again are solved. They are hidden, --all shows them, and \
            `longhaul dead-letters discard --solved` removes them.

            Example: longhaul dead-letters list --provider acme --newer-than 1d
            """)

    @OptionGroup var options: SettingsOptions
    @OptionGroup var letters: LetterOptions

    @Option(
        name: [.short, .long],
        help: ArgumentHelp("The maximum number of letters to show; all are counted (default: 100, or all with --json).", valueName: "n"))
    var limit: Int?

    @Flag(help: "Print one JSON object per line.") var json = false

    @Flag(help: "Also show solved letters, whose job has completed or runs again.") var all = false

    func run() async throws {
        guard limit.map({ $0 > 0 }) ?? true else { throw Problem.usage("--limit must be 1 or more") }
        let filter = try letters.filter()
        let settings = try await options.load()
        let scan = try LetterScan(settings, queues: letters.queues)
        let thread = EventThread(name: "longhaul")
        let connection = try await LetterStore.open(settings, name: "longhaul-letters", on: thread)
        let now = Date()
        let listing = try await LetterListing.read(
            scan, filter, solved: connection.map { SolvedLetters(store: $0.store) }, showsSolved: all,
            limit: limit ?? (json ? nil : 100), at: now)
        await connection?.close()
        thread.stop()
        if let warning = listing.warning { Terminal.error("warning: \(warning)") }
        show(listing, listing.letters.map { LetterDescription(letter: $0, now: now, state: listing.states[$0.id]) })
    }

    private func show(_ listing: LetterListing, _ letters: [LetterDescription]) {
        if json {
            for (index, letter) in letters.enumerated() {
                Terminal.line(JobDescription.json(letter.members.merging(["position": index + 1]) { $1 }))
            }
            return
        }
        var table = Table(LetterDescription.columns)
        for (index, letter) in letters.enumerated() { table.add(letter.row(index + 1)) }
        if !letters.isEmpty { print(table.text(width: Terminal.width) + "\n") }
        let isCut = listing.reasons.values.reduce(0, +) > letters.count
        let cut = isCut ? "; the \(letters.count) oldest are shown, --limit shows more" : ""
        let hidden = listing.hidden
        let solved = hidden > 0 ? "; \(hidden) solved \(hidden == 1 ? "letter is" : "letters are") hidden, --all shows them" : ""
        print(LetterDescription.summary(listing.reasons, "letter") + cut + solved)
    }
}
