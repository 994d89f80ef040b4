import ArgumentParser
import EventThread
import JobMessages
import JobStore

struct DiscardCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "discard", abstract: "Delete dead letters permanently.",
        discussion: """
            The jobs of the letters do not change. With --solved, only letters are deleted whose job has completed or runs again. Asks for \
            confirmation on a terminal; without one, --yes is required.

            Examples:
              longhaul dead-letters discard --solved --yes
              longhaul dead-letters discard --reason checksum-mismatch --older-than 7d
            """)

    @OptionGroup var options: SettingsOptions
    @OptionGroup var letters: LetterOptions
    @OptionGroup var choice: LetterChoice

    @Flag(help: "Only letters whose job has completed or runs again.") var solved = false
    @Flag(name: [.short, .long], help: "Do not ask for confirmation.") var yes = false
    @Flag(help: "Print one JSON object per discarded letter.") var json = false

    func run() async throws {
        let filter = try choice.filter(letters, isLimited: solved)
        guard yes || Terminal.isInputTerminal else {
            throw Problem.usage("cannot ask for confirmation without a terminal; add --yes to discard")
        }
        let settings = try await options.load()
        let thread = EventThread(name: "longhaul")
        let connection: StoreConnection? =
            solved ? try await StoreConnection.open(settings, name: "longhaul-discard", on: thread, logger: Terminal.quietLogger) : nil
        do {
            try await discard(LetterScan(settings, queues: letters.queues), filter, connection.map { SolvedLetters(store: $0.store) })
        } catch {
            await connection?.close()
            if let error = error as? JobStoreError { throw Problem.unavailable("LONGHAUL_REDIS_URL: \(error)") }
            throw error
        }
        await connection?.close()
        thread.stop()
    }

    private func discard(_ scan: LetterScan, _ filter: LetterFilter, _ solved: SolvedLetters?) async throws {
        let selection = try await LetterSelection.make(scan, filter, solved: solved)
        guard selection.count > 0 else { return LetterReport.nothing(json) }
        if !yes {
            guard Terminal.confirm("\(selection.summary). Delete them permanently?") else { return }
        }
        let lines = LetterReport(json: json, isDryRun: false)
        let run = LetterRun(
            scan: scan, rate: nil,
            action: { letter in
                // The job may have failed again since it was looked up.
                if let solved, try await solved.state(of: letter)?.isSolved != true {
                    return LetterRun.Done(what: LetterReport.left, detail: "its job has failed again", removes: false)
                }
                return LetterRun.Done(what: "discarded", detail: "", removes: true)
            }, report: lines.show)
        let report = await Interruption.guarding { [json] in
            await run.run(selection.ids, label: "discarded", showsProgress: !json)
        }
        try lines.end(report, chosen: selection.count)
    }
}
