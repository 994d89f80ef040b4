import ArgumentParser
import EventThread
import ExportCore
import JobStore

struct WatchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "watch", abstract: "Show the number of jobs by status and the rate at which jobs end, until Ctrl-C.",
        discussion: "Also shows which providers keep their jobs waiting, and why. Example: longhaul watch --interval 5")

    @OptionGroup var options: SettingsOptions

    @Option(name: [.short, .long], help: ArgumentHelp("Seconds between two updates.", valueName: "seconds")) var interval = 1.0
    @Option(help: ArgumentHelp("Stop after this many updates.", valueName: "n")) var count: Int?
    @Flag(help: "Print one JSON object per line.") var json = false

    func run() async throws {
        guard (0.1...3600).contains(interval) else { throw Problem.usage("--interval must be from 0.1 to 3600") }
        guard count.map({ $0 > 0 }) ?? true else { throw Problem.usage("--count must be 1 or more") }
        let settings = try await options.load()
        let thread = EventThread(name: "longhaul")
        let connection = try await StoreConnection.open(settings, name: "longhaul-watch", on: thread, logger: Terminal.quietLogger)
        var previous: (counts: StatusCounts, at: ContinuousClock.Instant)?
        var looks = 0
        while true {
            do {
                let counts = try await connection.store.counts()
                let now = ContinuousClock.now
                let rate = previous.map { Double(Self.ended(counts) - Self.ended($0.counts)) / ((now - $0.at) / .seconds(1)) }
                let overdue = try await connection.store.oldestOverdue()
                show(counts, rate, overdue: overdue, waiting: try await WaitingProviders.reasons(connection.store))
                previous = (counts, now)
            } catch {
                // Redis may be restarting; the next update may succeed.
                Terminal.write("longhaul: \(error)\n")
            }
            looks += 1
            if let count, looks >= count { break }
            try await Task.sleep(for: .seconds(interval))
        }
        if Terminal.isOutputTerminal, !json { print("") }
        await connection.close()
    }

    private static func ended(_ counts: StatusCounts) -> Int { (counts[.completed] ?? 0) + (counts[.failed] ?? 0) }

    private func show(_ counts: StatusCounts, _ rate: Double?, overdue: Duration, waiting: [(name: String, reason: String)]) {
        if json {
            var members: [String: Any] = ["overdueSeconds": overdue / .seconds(1)]
            for (status, count) in counts { members[status.rawValue] = count }
            members["endedPerSecond"] = rate
            if !waiting.isEmpty { members["waiting"] = waiting.map { ["provider": $0.name, "reason": $0.reason] } }
            return Terminal.line(JobDescription.json(members))
        }
        var line = JobStatus.allCases.map {
            "\(Terminal.paint($0.rawValue, JobDescription.colour($0))) \(counts[$0] ?? 0)"
        }.joined(separator: "  ")
        if let rate { line += "  \((rate * 10).rounded() / 10) ended/s" }
        if overdue > .seconds(1) { line += Terminal.paint("  oldest timer \(overdue.components.seconds) s overdue", .yellow) }
        for (name, reason) in waiting.prefix(3) { line += Terminal.paint("  \(name) waits: \(reason)", .yellow) }
        if Terminal.isOutputTerminal { Terminal.redraw(line) } else { Terminal.line(line) }
    }
}
