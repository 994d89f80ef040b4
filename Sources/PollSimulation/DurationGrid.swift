import Foundation

/// A known distribution on a fine grid, for the optimum: `step` apart in logarithms, so that each cell is as narrow as the durations in it allow.
struct DurationGrid: Sendable {
    /// Where cells begin and end, in seconds; one more than cells.
    let edges: [Double]
    /// The probability of each cell.
    let shares: [Double]

    private static let step = 0.005
    static let usual = 1800

    /// - Parameters:
    ///   - samples: many durations of the distribution, in seconds.
    ///   - most: cells at most.
    init(_ samples: [Double], most: Int = usual) {
        let shortest = samples.min() ?? 1, longest = samples.max() ?? 1
        let cells = min(max(Int(log(longest / shortest) / Self.step), 1), most)
        let ratio = log(longest / shortest * 1.000_001) / Double(cells)
        edges = [shortest * 0.999] + (1...cells).map { shortest * exp(ratio * Double($0)) }
        var counts = Array(repeating: 0.0, count: cells)
        for sample in samples { counts[min(max(Int(ratio > 0 ? log(sample / shortest) / ratio : 0), 0), cells - 1)] += 1 }
        shares = counts.map { $0 / Double(samples.count) }
    }
}
