import Foundation

/// How long exports took: a weight for each of `DurationBins`. What is old counts less with each export that is learned.
public struct DurationHistogram: Sendable, Equatable {
    /// By bin; their sum is the number of exports that still count.
    public private(set) var weights: [Double]

    /// How many exports it takes until one counts a third of a new one (1/e).
    public static let memory = 120.0

    public init() { weights = Array(repeating: 0, count: DurationBins.count) }

    /// - Parameter weights: of the bins from `first` on; what does not fit is left out.
    public init(first: Int, weights: [Double]) {
        self.init()
        for (bin, weight) in zip(first..., weights) where self.weights.indices.contains(bin) && weight > 0 && weight.isFinite {
            self.weights[bin] = weight
        }
    }

    /// The bins from the first to the last that has a weight.
    public var used: (first: Int, weights: ArraySlice<Double>) {
        guard let first = weights.firstIndex(where: { $0 > 0 }), let last = weights.lastIndex(where: { $0 > 0 }) else { return (0, []) }
        return (first, weights[first...last])
    }

    public var total: Double { weights.reduce(0, +) }

    /// The duration below which this share of the exports is, in seconds; within a bin they are spread evenly.
    public func quantile(_ share: Double) -> Double {
        var left = share * total
        for (bin, weight) in weights.enumerated() where weight > 0 {
            if left <= weight { return DurationBins.edges[bin] + DurationBins.widths[bin] * left / weight }
            left -= weight
        }
        return DurationBins.edges[DurationBins.count]
    }

    /// What an observation adds: it is spread over the bins that it covers in proportion to what is known of them, which is a step of the EM
    /// algorithm for interval-censored data (Turnbull 1976), and, for one that has no end, of Kaplan and Meier's estimate.
    /// - Returns: weights by bin, 1 in all.
    public static func shares(of observed: ObservedDuration, knowing forecast: DurationForecast) -> [(bin: Int, weight: Double)] {
        let (from, to) = observed.interval
        let edges = DurationBins.edges, last = DurationBins.count - 1
        let covered = DurationBins.index(of: from)...(to.isFinite ? DurationBins.index(of: to) : last)
        let parts = covered.map { bin -> Double in
            // An observation beyond the last bin belongs to it.
            let overlap = min(to, edges[bin + 1]) - max(from, edges[bin])
            return bin == last && overlap <= 0 ? 1 : max(overlap, 0) / DurationBins.widths[bin]
        }
        var weights = zip(covered, parts).map { forecast.shares[$0] * $1 }
        // Where nothing is known, the interval itself counts.
        if weights.reduce(0, +) < 1e-12 { weights = parts }
        let sum = weights.reduce(0, +)
        guard sum > 0 else { return [(covered.lowerBound, 1)] }
        return zip(covered, weights).compactMap { $1 > sum * 1e-4 ? ($0, $1 / sum) : nil }
    }

    /// Adds one observation.
    public mutating func learn(_ observed: ObservedDuration, knowing forecast: DurationForecast) {
        learn(Self.shares(of: observed, knowing: forecast))
    }

    /// Adds one observation, as `shares` spreads it.
    public mutating func learn(_ shares: [(bin: Int, weight: Double)]) {
        forget(1)
        for (bin, weight) in shares { weights[bin] += weight }
    }

    /// What `count` further exports leave of the weights.
    public mutating func forget(_ count: Int) {
        let rest = Self.rest(after: count)
        for bin in weights.indices { weights[bin] *= rest }
    }

    /// What counts of something after so many further exports.
    static func rest(after count: Int) -> Double { pow(1 - 1 / memory, Double(count)) }
}
