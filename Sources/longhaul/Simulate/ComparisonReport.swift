import PollSimulation

/// A policy beside others, as people and scripts read it; for a provider's history with a recommendation.
struct ComparisonReport {
    private let comparison: Comparison
    private let choice: String
    private let provider: String?
    private let jobsPerDay: Double

    init(_ comparison: Comparison, choice: String, provider: String?, jobsPerDay: Double) {
        self.comparison = comparison
        self.choice = choice
        self.provider = provider
        self.jobsPerDay = jobsPerDay
    }

    private var fixedName: String { "fixed:\(Int(comparison.fixedInterval.rounded()))" }

    var text: String {
        var table = Table(["POLICY", "CHECKS A JOB", "WASTED", "MEAN LAG", "P95", "LONGEST", "REQUESTS A DAY", "PEAK/S"])
        table.add(SimulationReport.row(choice, comparison.result))
        table.add(SimulationReport.row(fixedName, comparison.fixed))
        table.add(SimulationReport.row("fixed, as many checks", comparison.fixedAsOften))
        if let polls = comparison.optimalPolls {
            table.add([
                "optimal", SimulationReport.number(polls), SimulationReport.number(polls - 1),
                SimulationReport.time(comparison.result.meanLag),
            ])
        }
        let ratios =
            "\(choice) needs \(SimulationReport.number(comparison.ofFixed)) × the checks of the fixed interval with the same mean lag"
            + (comparison.ofOptimum.map { ", and \(SimulationReport.number($0)) × those of the optimum, which knows the durations" } ?? "")
        return table.text(width: Terminal.width) + "\n\n\(ratios).\n" + (provider == nil ? "" : recommendation + "\n")
    }

    private var recommendation: String {
        let result = comparison.result, lag = "\(Int(max(result.meanLag, 1).rounded()))s"
        let saved = Int(((comparison.fixed.pollsPerJob - result.pollsPerJob) * jobsPerDay).rounded())
        guard saved > 0 else { return "A fixed interval does as well here: nothing in these durations says when they end." }
        return """
            In the provider file: polling: { policy: learned, targetLag: \(lag) }
            It saves \(saved) requests a day at \(Int(jobsPerDay)) jobs a day, compared with interval: \(Int(comparison.fixedInterval.rounded()))s.
            """
    }

    var json: String {
        var members: [String: Any] = [
            "policy": SimulationReport.members(choice, comparison.result),
            "fixed": SimulationReport.members(fixedName, comparison.fixed),
            "fixedAsOften": SimulationReport.members("fixed", comparison.fixedAsOften),
            "ofFixed": SimulationReport.rounded(comparison.ofFixed),
        ]
        if let polls = comparison.optimalPolls { members["optimalPollsPerJob"] = SimulationReport.rounded(polls) }
        if let ratio = comparison.ofOptimum { members["ofOptimum"] = SimulationReport.rounded(ratio) }
        return JobDescription.json(members)
    }
}
