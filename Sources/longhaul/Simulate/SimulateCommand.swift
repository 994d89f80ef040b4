import ArgumentParser
import ExportCore
import Foundation
import PollSimulation

struct SimulateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate", abstract: "Show what a polling policy would cost, and how late it would find exports.",
        discussion: """
            Plays the checks of many exports with the rules by which orchestrators decide; `learned` learns during the run. Nothing is sent \
            to an API. ops/docs/polling.md explains the policies.

              longhaul simulate --distribution lognormal:1200,0.8
              longhaul simulate --distribution lognormal:480,0.25 --distribution lognormal:5400,0.25 --keyed --compare
              longhaul simulate --durations seconds.txt --policy fixed:180
              longhaul simulate --from-history acme --target-lag 60s
              longhaul simulate --distribution weibull:1.5,1800 --plot policies.svg
            """)

    @OptionGroup var options: SettingsOptions
    @OptionGroup var source: WorkloadOptions

    @Option(
        help: ArgumentHelp(
            "learned, tiered, fixed:SECONDS, backoff:INITIAL,FACTOR,MAX (seconds), or optimal: the best that is possible if the durations are known.",
            valueName: "policy"))
    var policy = "learned"
    @Option(help: ArgumentHelp("learned, optimal: the mean time from readiness to its discovery, such as 90s.", valueName: "time"))
    var targetLag: String?
    @Option(help: ArgumentHelp("learned: the mean number of checks of a job (8).", valueName: "n")) var pollsPerJob: Double?
    @Option(help: ArgumentHelp("learned, tiered: the shortest delay (1s).", valueName: "time")) var min: String?
    @Option(help: ArgumentHelp("learned, tiered: the longest delay (learned 1h, tiered 10m).", valueName: "time")) var max: String?

    @Flag(help: "Also a fixed interval and the optimum with the same mean lag.") var compare = false
    @Option(help: ArgumentHelp("Draw checks against lag for several policies into this SVG file.", valueName: "file")) var plot: String?
    @Flag(help: "Print one JSON object.") var json = false

    func validate() throws {
        if targetLag != nil, pollsPerJob != nil { throw ValidationError("--target-lag and --polls-per-job exclude each other") }
    }

    func run() async throws {
        let choice = try PolicyChoice(policy, targetLag: targetLag, pollsPerJob: pollsPerJob, min: min, max: max)
        let workload = try await source.workload(options)
        if let plot { return try draw(workload, into: plot) }
        var bar = ProgressBar("simulate", total: 100)
        func show(_ share: Double) { bar.update(Int(share * 100)) }
        if compare || source.fromHistory != nil {
            guard case .policy(let policy) = choice else {
                throw Problem.usage("--compare and --from-history need a policy other than optimal")
            }
            let comparison = Comparison(workload, policy, optimum: workload.later == nil, progress: show)
            if Terminal.isErrorTerminal { bar.finish(100) }
            let report = ComparisonReport(comparison, choice: self.policy, provider: source.fromHistory, jobsPerDay: workload.jobsPerDay)
            return print(json ? report.json : report.text)
        }
        let result: SimulationResult
        switch choice {
        case .policy(let policy): result = Simulation(workload, .policy(policy)).run(progress: show)
        case .optimal(let lag):
            guard workload.later == nil, !workload.tellsProgress else {
                throw Problem.usage("--policy optimal knows neither --later nor --progress; leave them out")
            }
            result = Simulation(workload, .schedule(Optimum(workload, lag: lag / .seconds(1)).schedules)).run(progress: show)
        }
        if Terminal.isErrorTerminal { bar.finish(100) }
        let report = SimulationReport(result, policy: policy)
        print(json ? report.json : report.text)
    }

    private func draw(_ workload: Workload, into path: String) throws {
        guard workload.later == nil else { throw Problem.usage("--plot draws durations that stay as they are; leave --later out") }
        var bar = ProgressBar("simulate", total: 100)
        let plot = PolicyPlot(workload) { bar.update(Int($0 * 100)) }
        if Terminal.isErrorTerminal { bar.finish(100) }
        do {
            try Data(plot.svg.utf8).write(to: URL(fileURLWithPath: path))
        } catch {
            throw Problem(message: "--plot \(path): \(error.localizedDescription)", code: ExitCode(74))
        }
        if json { return print(plot.json) }
        print("wrote \(path): \(plot.curves.map { "\($0.name) (\(counted($0.points.count, "point")))" }.joined(separator: ", "))")
    }
}
