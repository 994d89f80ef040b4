import ArgumentParser
import EventThread
import ExportCore
import JobMessages
import RabbitMQ

struct RedriveCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "redrive", abstract: "Redrive dead letters: retry their jobs or publish their messages again.",
        discussion: """
            A job that ended FAILED continues where it failed. If a job has completed or runs again, its letter is solved \
            and only removed. A message that could not be \
            handled, or whose job is unknown, is published again. A webhook message is sent again. The letter of a file whose job is unknown stays in the queue. \
            A letter is removed only after its work is restored, and repeating a redrive has no further effect: it is safe to interrupt the \
            command and run it again.
            """)

    @OptionGroup var options: SettingsOptions
    @OptionGroup var letters: LetterOptions
    @OptionGroup var choice: LetterChoice

    @Option(help: ArgumentHelp("The maximum rate, such as 50/s or 10/m.", valueName: "n/s")) var rate = "50/s"
    @Flag(help: "Print what would be done, and change nothing.") var dryRun = false
    @Flag(name: [.short, .long], help: "Do not ask for confirmation.") var yes = false
    @Flag(help: "Print one JSON object per letter with the outcome.") var json = false

    func run() async throws {
        let filter = try choice.filter(letters)
        guard let rate = Pacer.rate(rate) else { throw Problem.usage("--rate \(rate): must be a rate such as 50/s or 10/m") }
        let settings = try await options.load()
        let scan = try LetterScan(settings, queues: letters.queues)
        let selection = try await LetterSelection.make(scan, filter)
        guard selection.count > 0 else { return LetterReport.nothing(json) }
        if Terminal.isInputTerminal, !yes, !dryRun, !json {
            guard Terminal.confirm("\(selection.summary). Redrive them?") else { return }
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
        let redrive = Redrive(store: connection.store, interpreter: connection.interpreter, publisher: publisher)
        let lines = LetterReport(json: json, isDryRun: dryRun)
        let run = LetterRun(
            scan: scan, rate: dryRun ? nil : rate,
            action: { [dryRun] letter in
                LetterReport.done(dryRun ? try await redrive.foresee(letter) : try await redrive.putBack(letter), dryRun)
            },
            report: lines.show)
        let report = await Interruption.guarding { [json, dryRun] in
            await run.run(selection.ids, label: "redriven", showsProgress: !json && !dryRun)
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
        case .solved(let status): LetterRun.Done(what: "solved, discarded", detail: "the job is \(status.rawValue)", removes: !isDryRun)
        case .published(let queue): LetterRun.Done(what: "published again", detail: queue, removes: !isDryRun)
        case .resent: LetterRun.Done(what: "sent again", detail: "with the same webhook-id", removes: !isDryRun)
        case .left(let why): LetterRun.Done(what: left, detail: why, removes: false)
        }
    }
}
