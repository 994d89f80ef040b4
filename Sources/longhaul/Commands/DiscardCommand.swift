import ArgumentParser
import JobMessages

struct DiscardCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "discard", abstract: "Delete dead letters permanently.",
        discussion: "The jobs of the letters do not change. Asks for confirmation on a terminal; without one, --yes is required.")

    @OptionGroup var options: SettingsOptions
    @OptionGroup var letters: LetterOptions
    @OptionGroup var choice: LetterChoice

    @Flag(name: [.short, .long], help: "Do not ask for confirmation.") var yes = false
    @Flag(help: "Print one JSON object per discarded letter.") var json = false

    func run() async throws {
        let filter = try choice.filter(letters)
        guard yes || Terminal.isInputTerminal else {
            throw Problem.usage("cannot ask for confirmation without a terminal; add --yes to discard")
        }
        let scan = try LetterScan(try await options.load(), queues: letters.queues)
        let selection = try await LetterSelection.make(scan, filter)
        guard selection.count > 0 else { return LetterReport.nothing(json) }
        if !yes {
            guard Terminal.confirm("\(selection.summary). Delete them permanently?") else { return }
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
