import Foundation

/// The bins of durations: each 9 % longer than the one before, from 1 s to 12 days. Durations of exports spread by factors, not by seconds.
public enum DurationBins {
    public static let count = 160
    static let perDoubling = 8.0

    /// Where each bin begins, in seconds, and where the last ends. The first begins at 0.
    static let edges: [Double] = [0] + (1...count).map { exp2(Double($0) / perDoubling) }
    static let widths = zip(edges, edges.dropFirst()).map { $1 - $0 }
    /// The logarithm of the middle of each bin, in logarithms of seconds.
    static let logarithms = (0..<count).map { log(2) * (Double($0) + 0.5) / perDoubling }

    /// The bin of a duration in seconds; those outside are in the first or the last.
    static func index(of seconds: Double) -> Int {
        guard seconds > 1 else { return 0 }
        return min(Int(log2(seconds) * perDoubling), count - 1)
    }
}
