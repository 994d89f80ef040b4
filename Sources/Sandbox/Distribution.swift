import Foundation

/// The distribution of a duration, a size or a file count over exports.
public struct Distribution: Sendable, Hashable {
    public enum Shape: Sendable, Hashable {
        case fixed(Double)
        /// Uniform between both bounds, inclusive.
        case uniform(Double, Double)
        /// `median · e^(sigma · N(0,1))`, at most `max`: a long tail, as in real report durations.
        case lognormal(median: Double, sigma: Double, max: Double)
        /// The second value with probability `share`, otherwise the first.
        case bimodal(Double, Double, share: Double)
    }

    /// The unit is that of the quantity: seconds, bytes or a count.
    public var shape: Shape

    public init(_ shape: Shape) {
        self.shape = shape
    }

    public static func fixed(_ value: Double) -> Distribution { Distribution(.fixed(value)) }

    public static func uniform(_ range: ClosedRange<Double>) -> Distribution {
        Distribution(.uniform(range.lowerBound, range.upperBound))
    }

    /// One value in the quantity's unit. The same draw always gives the same value.
    func value(_ draw: Draw) -> Double {
        switch shape {
        case .fixed(let value): value
        case .uniform(let low, let high): low + (high - low) * draw.unit
        case .lognormal(let median, let sigma, let max): min(max, median * exp(sigma * draw.normal))
        case .bimodal(let first, let second, let share): draw.unit < share ? second : first
        }
    }

    /// One integer. A uniform distribution gives its bounds the same weight as the numbers between them.
    func whole(_ draw: Draw) -> Int {
        if case .uniform(let low, let high) = shape {
            let span = (high - low).rounded(.down) + 1
            return Int(low) + Int(draw.unit * span)
        }
        return Int(value(draw).rounded())
    }
}
