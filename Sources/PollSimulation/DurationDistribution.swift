import Foundation

/// How long exports take. The text form is `NAME:NUMBER,…` with seconds, as in `lognormal:1200,0.8`.
public enum DurationDistribution: Sendable, Equatable {
    /// The median, and the standard deviation of the logarithm.
    case lognormal(median: Double, sigma: Double)
    case exponential(mean: Double)
    case weibull(shape: Double, scale: Double)
    /// At least `shortest`; the smaller the exponent, the heavier the tail.
    case pareto(exponent: Double, shortest: Double)
    case uniform(from: Double, to: Double)
    case constant(Double)
    /// Drawn from these, each as likely as the others.
    case observed([Double])

    /// The text forms, for help and error messages.
    public static let forms =
        "lognormal:MEDIAN,SIGMA, exponential:MEAN, weibull:SHAPE,SCALE, pareto:EXPONENT,SHORTEST, uniform:FROM,TO or constant:SECONDS"

    /// - Returns: `nil` if the text has no known form, or a number that is not above zero.
    public init?(_ text: String) {
        let parts = text.split(separator: ":", maxSplits: 1)
        guard parts.count == 2 else { return nil }
        let words = parts[1].split(separator: ",", omittingEmptySubsequences: false)
        let numbers = words.compactMap { Double($0) }.filter { $0 > 0 && $0.isFinite }
        guard numbers.count == words.count else { return nil }
        switch (parts[0], numbers.count) {
        case ("lognormal", 2): self = .lognormal(median: numbers[0], sigma: numbers[1])
        case ("exponential", 1): self = .exponential(mean: numbers[0])
        case ("weibull", 2): self = .weibull(shape: numbers[0], scale: numbers[1])
        case ("pareto", 2): self = .pareto(exponent: numbers[0], shortest: numbers[1])
        case ("uniform", 2) where numbers[0] <= numbers[1]: self = .uniform(from: numbers[0], to: numbers[1])
        case ("constant", 1): self = .constant(numbers[0])
        default: return nil
        }
    }

    /// A duration in seconds, at least a millisecond.
    public func draw(_ random: inout some RandomNumberGenerator) -> Double {
        func uniform() -> Double { Double.random(in: Double.leastNonzeroMagnitude..<1, using: &random) }
        let seconds =
            switch self {
            case .lognormal(let median, let sigma): median * exp(sigma * (-2 * log(uniform())).squareRoot() * cos(2 * .pi * uniform()))
            case .exponential(let mean): -mean * log(uniform())
            case .weibull(let shape, let scale): scale * pow(-log(uniform()), 1 / shape)
            case .pareto(let exponent, let shortest): shortest * pow(uniform(), -1 / exponent)
            case .uniform(let from, let to): Double.random(in: from...to, using: &random)
            case .constant(let seconds): seconds
            case .observed(let seconds): seconds.randomElement(using: &random) ?? 1
            }
        return max(seconds, 0.001)
    }
}
