import Foundation

extension DurationForecast {
    /// The delay until the next check.
    /// - Parameters:
    ///   - progress: how much of the export is done, 0...1, if the answer told it.
    ///   - random: uniform in 0..<1. The first checks of exports that were created together are spread widely, the later ones stay apart.
    public func delay(waited: Duration, progress: Double?, random: Double) -> ChosenDelay {
        let seconds = max(waited / .seconds(1), 0)
        let step = seconds == 0 ? 0.75 + 0.5 * random : 0.95 + 0.1 * random
        let reason: DelayReason = experience < 1 ? .unknown : .usual
        let byHistory = next(after: seconds, step: step) - seconds
        guard let progress, progress > 1e-4, progress < 1, seconds > 0 else { return ChosenDelay(.seconds(byHistory), reason) }
        return ChosenDelay(.seconds(rest(after: seconds, progress: progress).delay(price: price, step: step)), .progress)
    }

    /// What history and progress together say of the time that is left.
    private func rest(after seconds: Double, progress: Double) -> RemainingTime {
        let told = RemainingTime(after: seconds, progress: progress)
        var weight = 0.0, sum = 0.0, squares = 0.0
        for bin in DurationBins.index(of: seconds)..<DurationBins.count where shares[bin] > 1e-9 {
            let rest = log(max((max(DurationBins.edges[bin], seconds) + DurationBins.edges[bin + 1]) / 2 - seconds, 0.001))
            weight += shares[bin]
            sum += shares[bin] * rest
            squares += shares[bin] * rest * rest
        }
        guard weight > 1e-6 else { return told }
        let mean = sum / weight
        return told.with(RemainingTime(logarithm: mean, deviation: max(squares / weight - mean * mean, 0.01).squareRoot()))
    }
}

/// The time until an export is ready, as a lognormal distribution of seconds.
struct RemainingTime {
    var logarithm: Double
    var deviation: Double

    /// How far progress can be trusted, where it agrees with what is known.
    private static let doubt = 0.05
    /// Progress is mostly told in whole percents.
    private static let grain = 0.01

    init(logarithm: Double, deviation: Double) { (self.logarithm, self.deviation) = (logarithm, deviation) }

    /// If the progress goes on at the same rate. A grain more or less means the more, the nearer the progress is to either end.
    init(after seconds: Double, progress: Double) {
        let spread = Self.grain / progress + Self.grain / max(1 - progress, Self.grain)
        self.init(
            logarithm: log(seconds * (1 - progress) / progress), deviation: (Self.doubt * Self.doubt + spread * spread / 4).squareRoot())
    }

    /// Both, each by its precision. Where they are further apart than either allows, one of them is wrong, and nobody knows which: then both count
    /// as less precise, by the variance between them (DerSimonian and Laird 1986).
    func with(_ other: RemainingTime) -> RemainingTime {
        let apart = logarithm - other.logarithm
        let between = max(apart * apart - Self.agreement * (deviation * deviation + other.deviation * other.deviation), 0)
        let (mine, theirs) = (1 / (deviation * deviation + between), 1 / (other.deviation * other.deviation + between))
        return RemainingTime(
            logarithm: (logarithm * mine + other.logarithm * theirs) / (mine + theirs), deviation: 1 / (mine + theirs).squareRoot())
    }

    private static let agreement = 2.0

    /// Seconds until the next check. Where several are needed, they are as dense as in `DurationForecast`; where one or two are, the next comes
    /// where the sum of lag and further checks is least.
    /// - Parameter price: √(2c)
    func delay(price: Double, step: Double) -> Double {
        // ∫f/√h of a lognormal distribution, roughly.
        let checks = (1.25 * deviation * exp(logarithm)).squareRoot() / price
        return checks > Self.few ? dense(price: price, step: step) : single(cost: price * price / 2) * (1 + (step - 1) / 2)
    }

    private static let few = 1.5
    /// What follows a check that comes too early costs as many checks as this.
    private static let early = 2.5

    private func single(cost: Double) -> Double {
        func below(_ score: Double) -> Double { erfc(-score / 2.0.squareRoot()) / 2 }
        let scale = exp(logarithm), mean = exp(logarithm + deviation * deviation / 2)
        var least = Double.infinity, best = scale, score = -3.0
        while score <= 3.5 {
            let seconds = scale * exp(deviation * score), found = below(score)
            let total = seconds * found - mean * below(score - deviation) + (1 - found) * cost * Self.early
            if total < least { (least, best) = (total, seconds) }
            score += 0.25
        }
        return best
    }

    private func dense(price: Double, step: Double) -> Double {
        var sum = 0.0, before = 0.0, score = -3.5
        while score < 2 {
            let seconds = exp(logarithm + deviation * score)
            let middle = score - Self.width / 2
            let density = exp(-middle * middle / 2) / (2 * Double.pi).squareRoot()
            let survival = max(erfc(middle / 2.0.squareRoot()) / 2, 1e-9)
            let hazard = density / survival / (deviation * exp(logarithm + deviation * middle))
            let added = hazard.squareRoot() / price * (seconds - before)
            if sum + added >= step { return before + (seconds - before) * (step - sum) / added }
            sum += added
            before = seconds
            score += Self.width
        }
        return before
    }

    private static let width = 0.1
}
