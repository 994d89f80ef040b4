import ExportCore
import JobStore

/// How well exports were polled, by provider and kind, as the store remembers it.
struct PollingStatistics {
    /// Sorted by provider and key; the line of a whole provider, whose key is empty, comes first.
    private let kinds: [(kind: ExportKind, known: KnownExports)]

    init(_ known: [ExportKind: KnownExports]) {
        kinds = known.filter { $0.value.tally.exports > 0.01 }.map { ($0.key, $0.value) }
            .sorted { ($0.kind.provider, $0.kind.key) < ($1.kind.provider, $1.kind.key) }
    }

    func text(width: Int?) -> String {
        guard !kinds.isEmpty else { return "no export has been found ready yet" }
        var table = Table([
            "PROVIDER", "KEY", "EXPORTS", "USUAL TIME", "CHECKS A JOB", "WASTED", "READY/CHECKS", "MEAN LAG", "PREDICTION OFF", "PUSHED",
        ])
        for (kind, known) in kinds {
            let tally = known.tally
            table.add([
                kind.provider, kind.key.isEmpty ? "all" : kind.key, "\(Int(tally.exports.rounded()))",
                Self.usual(known).map { SimulationReport.time($0 / .seconds(1)) } ?? "–",
                tally.pollsPerJob.map(SimulationReport.number) ?? "–", tally.wastedPerJob.map(SimulationReport.number) ?? "–",
                tally.pollsPerJob.map { SimulationReport.number(1 / max($0, 1e-9)) } ?? "–",
                tally.meanLag.map { SimulationReport.time($0 / .seconds(1)) } ?? "–",
                tally.meanError.map { "\(Int(($0 * 100).rounded())) %" } ?? "–",
                tally.pushedShare.map { "\(Int(($0 * 100).rounded())) %" } ?? "–",
            ])
        }
        return table.text(width: width)
            + "\n\nOf some \(Int(DurationHistogram.memory)) exports each, later ones count more. ops/docs/polling.md explains the columns."
    }

    /// One object for each kind, on a line.
    var json: String {
        kinds.map { kind, known in
            let tally = known.tally
            var members: [String: Any] = ["provider": kind.provider, "key": kind.key, "exports": SimulationReport.rounded(tally.exports)]
            members["usualSeconds"] = Self.usual(known).map { SimulationReport.rounded($0 / .seconds(1)) }
            members["pollsPerJob"] = tally.pollsPerJob.map(SimulationReport.rounded)
            members["wastedPerJob"] = tally.wastedPerJob.map(SimulationReport.rounded)
            members["readyPerPoll"] = tally.pollsPerJob.map { SimulationReport.rounded(1 / max($0, 1e-9)) }
            members["meanLagSeconds"] = tally.meanLag.map { SimulationReport.rounded($0 / .seconds(1)) }
            members["meanPredictionError"] = tally.meanError.map(SimulationReport.rounded)
            members["pushedShare"] = tally.pushedShare.map(SimulationReport.rounded)
            return JobDescription.json(members)
        }.joined(separator: "\n")
    }

    private static func usual(_ known: KnownExports) -> Duration? { DurationForecast(known.histogram, aim: .usual).usual }
}
