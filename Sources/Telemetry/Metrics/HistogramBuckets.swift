/// The upper bounds of a histogram's buckets, ascending; the bucket without a bound (`+Inf`) is always added.
public struct HistogramBuckets: Sendable, Equatable, ExpressibleByArrayLiteral {
    public let bounds: [Double]

    /// Sorts the bounds and drops duplicates, infinities and NaN.
    public init(_ bounds: [Double]) {
        self.bounds = Set(bounds.filter(\.isFinite)).sorted()
    }

    public init(arrayLiteral bounds: Double...) { self.init(bounds) }

    /// `count` bounds starting at `start`, each `factor` times the previous one.
    public static func exponential(from start: Double, factor: Double, count: Int) -> HistogramBuckets {
        var bounds: [Double] = []
        var bound = start
        for _ in 0..<count {
            bounds.append(bound)
            bound *= factor
        }
        return HistogramBuckets(bounds)
    }

    /// For timers, in seconds: from a millisecond (a command on the same machine) to five minutes (a slow transfer).
    public static let seconds: HistogramBuckets = [
        0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300,
    ]

    /// For recorders whose unit is unknown: 1, 4, 16 … 4^10, about a million.
    public static let magnitudes = exponential(from: 1, factor: 4, count: 11)
}
