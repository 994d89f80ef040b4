import ExportCore
import Foundation

/// Checks against lag: a curve for each policy, from runs with several settings.
public struct PolicyPlot: Sendable {
    public struct Point: Sendable, Equatable {
        /// In seconds.
        public var lag: Double
        public var polls: Double
    }

    public struct Curve: Sendable {
        public var name: String
        public var colour: String
        public var points: [Point]
    }

    public let curves: [Curve]

    /// - Parameter progress: called with the share that is done.
    public init(_ workload: Workload, progress: (Double) -> Void = { _ in }) {
        self.init(workload, cells: DurationGrid.usual, progress: progress)
    }

    /// - Parameter cells: of the grid for the optimum.
    init(_ workload: Workload, cells: Int, progress: (Double) -> Void = { _ in }) {
        let usual = Simulation(workload, .policy(.learned())).run().meanLag
        // From a quarter of the usual lag to four times.
        let lags = stride(from: -2.0, through: 2, by: 0.5).map { max(usual, 0.01) * exp2($0) }
        var done = 0.0
        func step() {
            done += 1
            progress(min(done / Double(lags.count * 3 + 2), 1))
        }
        func point(_ policy: PollPolicy) -> Point {
            defer { step() }
            let result = Simulation(workload, .policy(policy)).run()
            return Point(lag: result.meanLag, polls: result.pollsPerJob)
        }
        var curves = [
            Curve(name: "fixed", colour: "#8a8a8a", points: lags.map { point(.fixed(interval: .seconds(2 * $0))) }),
            Curve(name: "tiered", colour: "#b8860b", points: [point(.tiered())]),
            Curve(name: "learned", colour: "#1f6fb4", points: lags.map { point(.learned(aim: .lag(.seconds($0)))) }),
        ]
        if !workload.tellsProgress {
            let optima = lags.map { lag -> Point in
                defer { step() }
                let best = Optimum(workload, lag: lag, cells: cells)
                return Point(lag: best.meanLag, polls: best.pollsPerJob)
            }
            curves.append(Curve(name: "optimum (knows the durations)", colour: "#2e8b57", points: optima))
        }
        self.curves = curves.map { Curve(name: $0.name, colour: $0.colour, points: $0.points.sorted { $0.lag < $1.lag }) }
    }

    public var json: String {
        let curves = curves.map { curve in
            let points = curve.points.map { String(format: #"{"lagSeconds":%.3f,"pollsPerJob":%.3f}"#, $0.lag, $0.polls) }
            return #"{"policy":"\#(curve.name)","points":[\#(points.joined(separator: ","))]}"#
        }
        return "{\"curves\":[\(curves.joined(separator: ","))]}"
    }
}
