import ExportCore

/// A policy beside the optimum and a fixed interval, at the same mean lag, and beside the fixed interval that asks as often.
public struct Comparison: Sendable {
    public let result: SimulationResult
    /// Checks of a job by the optimum with the same mean lag; `nil` where the answers tell progress, which the optimum does not know.
    public let optimalPolls: Double?
    /// A fixed interval with the same mean lag.
    public let fixed: SimulationResult
    public let fixedInterval: Double
    /// A fixed interval with the same number of checks.
    public let fixedAsOften: SimulationResult

    public var ofOptimum: Double? { optimalPolls.map { result.pollsPerJob / $0 } }
    public var ofFixed: Double { result.pollsPerJob / fixed.pollsPerJob }

    /// - Parameter optimum: whether to compute it, which takes a second or two.
    public init(_ workload: Workload, _ policy: PollPolicy, optimum: Bool = true, progress: (Double) -> Void = { _ in }) {
        result = Simulation(workload, .policy(policy)).run { progress($0 * 0.4) }
        let lag = max(result.meanLag, 0.001), polls = result.pollsPerJob
        // The lag of a few exports is mostly chance.
        let rounds = max(1, 4000 / max(workload.jobs, 1))
        func fixed(_ interval: Double) -> SimulationResult {
            Simulation(workload, .policy(.fixed(interval: .seconds(interval))), rounds: rounds).run()
        }
        // The lag of a fixed interval is half of it, and its checks are nearly as many as intervals fit.
        var interval = 2 * lag, found = fixed(interval)
        for round in 0..<2 where found.meanLag > 0 {
            interval *= lag / found.meanLag
            found = fixed(interval)
            progress(0.5 + Double(round) * 0.1)
        }
        (self.fixed, fixedInterval) = (found, interval)
        var often = interval, asOften = found
        for round in 0..<4 {
            // Half a check more or less comes from the last one.
            often *= max(asOften.pollsPerJob - 0.5, 0.05) / max(polls - 0.5, 0.05)
            asOften = fixed(often)
            progress(0.7 + Double(round) * 0.05)
        }
        fixedAsOften = asOften
        optimalPolls = optimum && !workload.tellsProgress ? Optimum(workload, lag: lag).pollsPerJob : nil
        progress(1)
    }
}
