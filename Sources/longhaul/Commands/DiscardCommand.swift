import ArgumentParser
import JobMessages

struct DiscardCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "discard", abstract: "Remove dead letters for good.",
        discussion: "Jobs that the letters are about stay as they are in the store. Asks first on a terminal; elsewhere it needs --yes.")

    @OptionGroup var options: SettingsOptions
    @OptionGroup var letters: LetterOptions
    @OptionGroup var choice: LetterChoice

    @Flag(name: [.short, .long], help: "Do not ask.") var yes = false
    @Flag(help: "One JSON object a line for each letter that is removed.") var json = false

    func run() async throws {
        let filter = try choice.filter(letters)
        guard yes || Terminal.isInputTerminal else { throw Problem.usage("discarding is for good: say --yes where nobody can be asked") }
        let scan = try LetterScan(try await options.load(), queues: letters.queues)
        let selection = try await LetterSelection.make(scan, filter)
        guard selection.count > 0 else { return LetterReport.nothing(json) }
        if !yes {
            guard Terminal.confirm("\(selection.summary). Remove them for good?") else { return }
        }
        let lines = LetterReport(json: json, isDryRun: false)
        let run = LetterRun(
            scan: scan, rate: nil, action: { _ in LetterRun.Done(what: "discarded", detail: "", removes: true) }, report: lines.show)
        let report = await Interruption.guarding { [json] in
            await run.run(selection.ids, label: "discarded", showsProgress: !json)
        }
        try lines.end(report, chosen: selection.count)
    }
}
