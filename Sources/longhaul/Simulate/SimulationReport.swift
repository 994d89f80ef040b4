import Foundation
import PollSimulation

/// The result of one policy, as people and scripts read it.
struct SimulationReport {
    private let result: SimulationResult
    private let policy: String

    init(_ result: SimulationResult, policy: String) { (self.result, self.policy) = (result, policy) }

    var text: String {
        var table = Table(["POLICY", "CHECKS A JOB", "WASTED", "MEAN LAG", "P95", "LONGEST", "REQUESTS A DAY", "PEAK/S"])
        table.add(Self.row(policy, result))
        return table.text(width: Terminal.width) + "\n\n\(counted(result.jobs, "job")). Wasted: checks that found the export not ready."
            + " Lag: from readiness to discovery."
    }

    var json: String { JobDescription.json(Self.members(policy, result)) }

    static func row(_ policy: String, _ result: SimulationResult) -> [String] {
        [
            policy, number(result.pollsPerJob), number(result.wastedPerJob), time(result.meanLag), time(result.p95Lag),
            time(result.maxLag), "\(Int(result.requestsPerDay.rounded()))", "\(result.peakPerSecond)",
        ]
    }

    static func members(_ policy: String, _ result: SimulationResult) -> [String: Any] {
        [
            "policy": policy, "jobs": result.jobs, "pollsPerJob": rounded(result.pollsPerJob), "wastedPerJob": rounded(result.wastedPerJob),
            "lagSeconds": ["mean": rounded(result.meanLag), "p95": rounded(result.p95Lag), "max": rounded(result.maxLag)],
            "requestsPerDay": Int(result.requestsPerDay.rounded()), "peakPerSecond": result.peakPerSecond,
        ]
    }

    static func number(_ value: Double) -> String { String(format: "%.2f", value) }

    static func rounded(_ value: Double) -> Double { (value * 1000).rounded() / 1000 }

    static func time(_ seconds: Double) -> String { seconds < 10 ? String(format: "%.1fs", seconds) : NextStep.text(Int64(seconds * 1000)) }
}
