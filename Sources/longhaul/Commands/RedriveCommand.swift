import ArgumentParser
import EventThread
import ExportCore
import JobMessages
import RabbitMQ

struct RedriveCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "redrive", abstract: "Put the work of dead letters back.",
        discussion: """
            A job that ended FAILED goes on from where it failed. A job that is not FAILED is in order; its letter goes. A message that
            nobody could handle, or whose job nobody knows, is published again. A file whose job nobody knows stays where it is.
            A letter goes only after its work is back, and putting back twice does no harm: interrupt it, and run it again, at will.
            """)

    @OptionGroup var options: SettingsOptions
    @OptionGroup var letters: LetterOptions
    @OptionGroup var choice: LetterChoice

    @Option(help: ArgumentHelp("How fast, as 50/s or 10/m.", valueName: "n/s")) var rate = "50/s"
    @Flag(help: "Only tell what would be done.") var dryRun = false
    @Flag(name: [.short, .long], help: "Do not ask.") var yes = false
    @Flag(help: "One JSON object a line: what was done with each letter.") var json = false

    func run() async throws {
        let filter = try choice.filter(letters)
        guard let rate = Pacer.rate(rate) else { throw Problem.usage("--rate \(rate): must be a rate such as 50/s or 10/m") }
        let settings = try await options.load()
        let scan = try LetterScan(settings, queues: letters.queues)
        let selection = try await LetterSelection.make(scan, filter)
        guard selection.count > 0 else { return LetterReport.nothing(json) }
        if Terminal.isInputTerminal, !yes, !dryRun, !json {
            guard Terminal.confirm("\(selection.summary). Put them back?") else { return }
        }
        let thread = EventThread(name: "longhaul")
        let connection = try await StoreConnection.open(settings, name: "longhaul-redrive", on: thread, logger: Terminal.quietLogger)
        let publisher = Publisher(try settings.rabbitMQ(connectionName: "longhaul redrive"), on: thread, logger: Terminal.quietLogger)
        do {
            try await publisher.connect()
        } catch {
            await connection.close()
            throw Problem.unavailable("LONGHAUL_RABBITMQ_URL: \(error)")
        }
        let redrive = Redrive(store: connection.store, publisher: publisher)
        let lines = LetterReport(json: json, isDryRun: dryRun)
        let run = LetterRun(
            scan: scan, rate: dryRun ? nil : rate,
            action: { [dryRun] letter in
                LetterReport.done(dryRun ? try await redrive.foresee(letter) : try await redrive.putBack(letter), dryRun)
            },
            report: lines.show)
        let report = await Interruption.guarding { [json, dryRun] in
            await run.run(selection.ids, label: "put back", showsProgress: !json && !dryRun)
        }
        await publisher.shutdown()
        await connection.close()
        thread.stop()
        try lines.end(report, chosen: selection.count)
    }
}

extension LetterReport {
    static func done(_ outcome: Redrive.Outcome, _ isDryRun: Bool) -> LetterRun.Done {
        switch outcome {
        case .retried(.failed): LetterRun.Done(what: "retried", detail: "from where it failed", removes: !isDryRun)
        case .retried(let status): LetterRun.Done(what: "retried", detail: "in \(status.rawValue)", removes: !isDryRun)
        case .inOrder(let status): LetterRun.Done(what: "already in order", detail: status.rawValue, removes: !isDryRun)
        case .published(let queue): LetterRun.Done(what: "published again", detail: queue, removes: !isDryRun)
        case .left(let why): LetterRun.Done(what: left, detail: why, removes: false)
        }
    }
}
