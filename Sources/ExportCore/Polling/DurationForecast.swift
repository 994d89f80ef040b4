import Foundation

/// When exports of a kind are ready, and when to look: a distribution of their durations, and the density of checks that costs the least for it.
///
/// Checks gather where readiness is likely. With a hazard h (the rate at which exports that are not ready become ready) and checks at a density n, a
/// check costs c and an export is found ready 1/(2n) later in the mean; the cost is least for n = √(h/2c) (Keller 1974, Optimum checking schedules
/// for systems subject to random failure; Barlow, Hunter, Proschan 1963). A target for the mean lag, or for the number of checks, determines c.
public struct DurationForecast: Sendable, Equatable {
    /// The probability of each of `DurationBins`.
    public let shares: [Double]
    /// How many checks belong before the beginning of each bin, and before the end of the last.
    private let checks: [Double]
    /// The middle of the distribution: half of the exports take less.
    public let median: Duration
    /// How many exports it rests on.
    public let experience: Double
    /// √(2c): what a check costs, in units of lag.
    let price: Double
    /// ∫f/√h, in √s: with one price for all, checks and lag are in proportion to it.
    let spread: Double

    /// - Parameter meanSpread: of all exports that have a lag as their common aim; `nil`: these have one of their own.
    public init(_ histogram: DurationHistogram, over base: DurationForecast? = nil, aim: PollAim, meanSpread: Double? = nil) {
        self.init(histogram, over: base?.shares ?? Self.unknown, aim: aim, meanSpread)
    }

    /// Of exports of which nothing is known.
    public init(aim: PollAim) { self.init(DurationHistogram(), over: Self.unknown, aim: aim, nil) }

    private init(_ histogram: DurationHistogram, over base: [Double], aim: PollAim, _ meanSpread: Double?) {
        experience = histogram.total
        let known = Self.smooth(histogram, experience)
        let weight = experience + Self.doubt, shares = zip(known, base).map { ($0 + Self.doubt * $1) / weight }
        self.shares = shares
        var survival = 1.0, middle = DurationBins.edges[DurationBins.count]
        var hazards: [Double] = []
        for (bin, share) in shares.enumerated() {
            if survival >= 0.5, survival - share < 0.5 {
                middle = DurationBins.edges[bin] + DurationBins.widths[bin] * (survival - 0.5) / share
            }
            hazards.append(-log1p(-min(share / max(survival, 1e-9), 1 - 1e-6)) / DurationBins.widths[bin])
            survival -= share
        }
        median = .seconds(middle)
        if case .lag = aim { hazards = Self.evened(hazards, shares, experience, median: middle) }
        // The mean lag is √(2c)/2 · ∫f/√h, the number of checks ∫f/√h / √(2c).
        spread = Self.spread(shares, hazards)
        let price =
            switch aim {
            case .lag(let lag): 2 * max(lag / .seconds(1), 0.001) / (meanSpread ?? spread)
            case .checks(let number): spread / number
            }
        self.price = price
        var sum = 0.0, checks = [0.0]
        for (bin, hazard) in hazards.enumerated() {
            sum += hazard.squareRoot() / price * DurationBins.widths[bin]
            checks.append(sum)
        }
        self.checks = checks
    }

    /// How long exports usually take; `nil` while none was seen.
    public var usual: Duration? { experience < 0.5 ? nil : median }

    /// When to look next.
    /// - Parameters:
    ///   - waited: since the creation of the export, in seconds.
    ///   - step: 1; less is earlier, more is later.
    /// - Returns: seconds since the creation. Behind the last bin, a tenth more than `waited`.
    public func next(after waited: Double, step: Double) -> Double {
        let aim = checks(before: waited) + step
        guard let last = checks.last, aim < last else { return waited * 1.1 + 1 }
        // The first bin that ends behind it.
        var low = 0, high = DurationBins.count
        while high - low > 1 {
            let middle = (low + high) / 2
            if checks[middle] <= aim { low = middle } else { high = middle }
        }
        let part = (aim - checks[low]) / max(checks[low + 1] - checks[low], 1e-12)
        return DurationBins.edges[low] + part * DurationBins.widths[low]
    }

    private func checks(before seconds: Double) -> Double {
        let bin = DurationBins.index(of: seconds)
        let part = min((seconds - DurationBins.edges[bin]) / DurationBins.widths[bin], 1)
        return checks[bin] + part * (checks[bin + 1] - checks[bin])
    }
}

extension DurationForecast {
    /// As many exports as what is known without them counts.
    private static let doubt = 1.5
    /// As many exports it takes until only they decide where checks gather.
    private static let settled = 75.0

    private static func spread(_ shares: [Double], _ hazards: [Double]) -> Double {
        zip(shares, hazards).reduce(0) { $0 + $1.0 / max($1.1, 1e-15).squareRoot() }
    }

    /// Hazards between those that were learned and the constant one of an exponential distribution with the same median.
    ///
    /// A few exports say little about when to look, and even checks are never far from the optimum. A number of checks, in contrast, says nothing
    /// about an interval, so that this serves a lag as the aim only. Where even the learned hazards save under a fifth of the checks, they count
    /// for less: exports that take long would be found later than with even checks, for next to nothing.
    private static func evened(_ hazards: [Double], _ shares: [Double], _ experience: Double, median: Double) -> [Double] {
        let mean = zip(shares, DurationBins.logarithms).reduce(0) { $0 + $1.0 * exp($1.1) }
        // Checks times lag are (∫f/√h)² / 2, and half of the mean duration at even distances.
        let saved = 1 - pow(spread(shares, hazards), 2) / max(mean, 1e-9)
        let trust = min(experience / settled, 1) * (0.7 + 0.3 * min(max((saved - 0.1) / 0.1, 0), 1))
        let even = log(2) / max(median, 1)
        return hazards.map { pow($0, trust) * pow(even, 1 - trust) }
    }

    /// Of exports of which nothing is known: most take minutes to hours.
    private static let unknown: [Double] = {
        let densities = DurationBins.logarithms.map { exp(-0.5 * pow(($0 - log(1200)) / 1.8, 2)) }
        let sum = densities.reduce(0, +)
        return densities.map { $0 / sum }
    }()

    /// A few exports say little about single bins: each is spread over its neighbours, by Silverman's rule for the width.
    private static func smooth(_ histogram: DurationHistogram, _ total: Double) -> [Double] {
        let weights = histogram.weights
        guard total > 0, let first = weights.firstIndex(where: { $0 > 0 }), let last = weights.lastIndex(where: { $0 > 0 }) else {
            return weights
        }
        let used = first...last
        var sum = 0.0, quartiles: [Double] = []
        let mean = used.reduce(0) { $0 + weights[$1] * DurationBins.logarithms[$1] } / total
        let variance = used.reduce(0) { $0 + weights[$1] * pow(DurationBins.logarithms[$1] - mean, 2) } / total
        for bin in used {
            sum += weights[bin]
            while quartiles.count < 2, sum >= total * (quartiles.isEmpty ? 0.25 : 0.75) { quartiles.append(DurationBins.logarithms[bin]) }
        }
        let range = quartiles.count == 2 ? (quartiles[1] - quartiles[0]) / 1.34 : 0
        let width = max(0.7 * min(variance.squareRoot(), max(range, 0.03)) * pow(max(total, 1), -0.2), 0.02)
        let step = log(2) / DurationBins.perDoubling, reach = Int((3 * width / step).rounded(.up))
        let kernel = (0...reach).map { exp(-0.5 * pow(Double($0) * step / width, 2)) }
        let whole = kernel[0] + 2 * kernel.dropFirst().reduce(0, +)
        var smooth = Array(repeating: 0.0, count: weights.count)
        for bin in used where weights[bin] > 0 {
            for distance in -reach...reach {
                // Nothing is spread beyond the ends.
                let target = min(max(bin + distance, 0), weights.count - 1)
                smooth[target] += weights[bin] * kernel[abs(distance)] / whole
            }
        }
        return smooth
    }
}
