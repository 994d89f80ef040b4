import Foundation

/// How a duration, a size or a number of files is spread over exports.
public struct Distribution: Sendable, Hashable {
    public enum Shape: Sendable, Hashable {
        case fixed(Double)
        /// Evenly between both, both included.
        case uniform(Double, Double)
        /// `median · e^(sigma · N(0,1))`, at most `max`: long tails, as real report durations have them.
        case lognormal(median: Double, sigma: Double, max: Double)
        /// The second value with probability `share`, else the first.
        case bimodal(Double, Double, share: Double)
    }

    /// In the unit of the quantity: seconds, bytes or pieces.
    public var shape: Shape

    public init(_ shape: Shape) {
        self.shape = shape
    }

    public static func fixed(_ value: Double) -> Distribution { Distribution(.fixed(value)) }

    public static func uniform(_ range: ClosedRange<Double>) -> Distribution {
        Distribution(.uniform(range.lowerBound, range.upperBound))
    }

    /// One value, in the quantity's unit; the same draw always gives the same value.
    func value(_ draw: Draw) -> Double {
        switch shape {
        case .fixed(let value): value
        case .uniform(let low, let high): low + (high - low) * draw.unit
        case .lognormal(let median, let sigma, let max): min(max, median * exp(sigma * draw.normal))
        case .bimodal(let first, let second, let share): draw.unit < share ? second : first
        }
    }

    /// One whole number; a uniform distribution gives both of its ends the same weight as the numbers between them.
    func whole(_ draw: Draw) -> Int {
        if case .uniform(let low, let high) = shape {
            let span = (high - low).rounded(.down) + 1
            return Int(low) + Int(draw.unit * span)
        }
        return Int(value(draw).rounded())
    }
}
