import ArgumentParser
import EventThread
import ExportCore
import Foundation
import JobStore
import PollSimulation

/// How long the simulated exports take, and how many there are.
struct WorkloadOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "\(DurationDistribution.forms), in seconds; repeat it for kinds that are equally frequent.", valueName: "name:numbers"))
    var distribution: [String] = []
    @Option(
        help: ArgumentHelp("A file with one duration in seconds on each line; - is standard input. Drawn at random.", valueName: "file"))
    var durations: String?
    @Option(help: ArgumentHelp("What the store has learned of this provider.", valueName: "provider")) var fromHistory: String?
    @Option(help: ArgumentHelp("What the durations change to after half of the jobs.", valueName: "name:numbers")) var later: [String] = []
    @Flag(help: "The jobs say of which kind they are, as with polling.key.") var keyed = false
    @Flag(help: "The API tells how much is done.") var progress = false
    @Option(help: ArgumentHelp("How many exports are created in a day.", valueName: "n")) var jobsPerDay = 10_000.0
    @Option(help: ArgumentHelp("How many jobs are measured.", valueName: "n")) var jobs = 4000
    @Option(help: ArgumentHelp("Jobs to learn from, which have ended before.", valueName: "n")) var history = 200
    @Option(help: ArgumentHelp("The same seed gives the same run.", valueName: "n")) var seed: UInt64 = 1

    func workload(_ options: SettingsOptions) async throws -> Workload {
        guard (1...10_000_000).contains(jobs) else { throw Problem.usage("--jobs must be from 1 to 10000000") }
        guard (0...10_000_000).contains(history) else { throw Problem.usage("--history must be from 0 to 10000000") }
        guard jobsPerDay > 0, jobsPerDay < 1e10 else { throw Problem.usage("--jobs-per-day must be above 0") }
        let sources = [!distribution.isEmpty, durations != nil, fromHistory != nil].count { $0 }
        guard sources == 1 else {
            throw Problem.usage(
                sources == 0
                    ? "say how long exports take: --distribution lognormal:1200,0.8, --durations FILE or --from-history PROVIDER"
                    : "--distribution, --durations and --from-history exclude each other")
        }
        var kinds = try distribution.map(Self.distribution), isKeyed = keyed
        if let durations { kinds = [.observed(try Self.read(durations))] }
        if let fromHistory {
            kinds = try await Self.learned(fromHistory, options)
            isKeyed = kinds.count > 1
        }
        return Workload(
            kinds, later: later.isEmpty ? nil : try later.map(Self.distribution), isKeyed: isKeyed, tellsProgress: progress,
            jobsPerDay: jobsPerDay, history: history, jobs: jobs, seed: seed)
    }

    private static func distribution(_ text: String) throws -> DurationDistribution {
        guard let known = DurationDistribution(text) else {
            throw Problem.usage("`\(text)` is not a distribution; write \(DurationDistribution.forms), with numbers above 0")
        }
        return known
    }

    private static func read(_ path: String) throws -> [Double] {
        let text: String
        do {
            let data = try path == "-" ? FileHandle.standardInput.readToEnd() ?? Data() : Data(contentsOf: URL(fileURLWithPath: path))
            text = String(decoding: data, as: UTF8.self)
        } catch {
            throw Problem.usage("--durations \(path): \(error.localizedDescription)")
        }
        let lines = text.split(whereSeparator: \.isNewline).map { $0.trimmingCharacters(in: .whitespaces) }
        let durations = try lines.enumerated().filter { !$1.isEmpty && !$1.hasPrefix("#") }.map { number, line in
            guard let seconds = Double(line), seconds > 0, seconds.isFinite else {
                throw Problem.usage("--durations \(path), line \(number + 1): `\(line.prefix(40))` is not a number of seconds above 0")
            }
            return seconds
        }
        guard !durations.isEmpty else { throw Problem.usage("--durations \(path) has no durations") }
        return durations
    }

    /// So many exports a kind must have had before it says anything.
    private static let enough = 5.0
    /// Durations that stand for a histogram.
    private static let quantiles = 2000

    private static func learned(_ provider: String, _ options: SettingsOptions) async throws -> [DurationDistribution] {
        let settings = try await options.load()
        let thread = EventThread(name: "longhaul")
        let connection = try await StoreConnection.open(settings, name: "longhaul-simulate", on: thread, logger: Terminal.quietLogger)
        let durations: [ExportKind: DurationHistogram]
        do {
            durations = try await connection.store.durations()
        } catch {
            throw Problem.unavailable("LONGHAUL_REDIS_URL: \(error)")
        }
        await connection.close()
        thread.stop()
        let own = durations.filter { $0.key.provider == provider && $0.value.total >= Self.enough }
        guard !own.isEmpty else {
            let known = Set(durations.keys.map(\.provider)).sorted()
            throw Problem.usage(
                "the store has not learned enough of \(provider) yet"
                    + (known.isEmpty ? "" : "; it knows \(known.joined(separator: ", "))"))
        }
        let keyed = own.filter { !$0.key.key.isEmpty }.sorted { $0.key.key < $1.key.key }.map(\.value)
        return (keyed.isEmpty ? own.map(\.value) : keyed).map { histogram in
            .observed((0..<Self.quantiles).map { histogram.quantile((Double($0) + 0.5) / Double(Self.quantiles)) })
        }
    }
}
