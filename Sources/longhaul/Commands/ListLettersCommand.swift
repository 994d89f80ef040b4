import ArgumentParser
import Foundation
import JobMessages

struct ListLettersCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List dead letters, oldest first, with a summary by reason.")

    @OptionGroup var options: SettingsOptions
    @OptionGroup var letters: LetterOptions

    @Option(
        name: [.short, .long],
        help: ArgumentHelp("The maximum number of letters to show; all are counted (default: 100, or all with --json).", valueName: "n"))
    var limit: Int?

    @Flag(help: "Print one JSON object per line.") var json = false

    func run() async throws {
        guard limit.map({ $0 > 0 }) ?? true else { throw Problem.usage("--limit must be 1 or more") }
        let filter = try letters.filter()
        let scan = try LetterScan(try await options.load(), queues: letters.queues)
        let now = Date()
        var oldest = OldestLetters(limit: limit ?? (json ? nil : 100))
        var reasons: [String: Int] = [:]
        try await scan.forEach { letter in
            guard filter.matches(letter.record, at: now) else { return true }
            reasons[letter.record.reason, default: 0] += 1
            oldest.insert(letter.record)
            return true
        }
        show(oldest.letters.map { LetterDescription(letter: $0, now: now) }, reasons)
    }

    private func show(_ letters: [LetterDescription], _ reasons: [String: Int]) {
        if json {
            for (index, letter) in letters.enumerated() {
                Terminal.line(JobDescription.json(letter.members.merging(["position": index + 1]) { $1 }))
            }
            return
        }
        var table = Table(LetterDescription.columns)
        for (index, letter) in letters.enumerated() { table.add(letter.row(index + 1)) }
        if !letters.isEmpty { print(table.text(width: Terminal.width) + "\n") }
        let hidden = reasons.values.reduce(0, +) > letters.count
        print(LetterDescription.summary(reasons, "letter") + (hidden ? "; the \(letters.count) oldest are shown, --limit shows more" : ""))
    }
}
