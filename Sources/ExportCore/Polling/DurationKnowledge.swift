import Foundation

/// What is known of the durations of exports, by kind, and what follows from it for checks. The orchestrators and the simulation share it.
public struct DurationKnowledge: Sendable {
    private var known: [ExportKind: KnownExports]
    /// Computed when they are asked for.
    private var forecasts: [ForecastKey: DurationForecast] = [:]
    /// By provider.
    private var commonAims: [String: CommonAim] = [:]

    private struct ForecastKey: Hashable {
        var kind: ExportKind
        var aim: PollAim
    }

    /// Kinds come from parameters of jobs: nothing says how many there are.
    private static let keptForecasts = 1000

    /// Some kinds are enough to begin with.
    private static let kindsToBeginWith = 100

    public init(_ known: [ExportKind: KnownExports] = [:]) { self.known = known }

    /// What all orchestrators have learned takes the place of what this one knew.
    public mutating func replace(_ known: [ExportKind: KnownExports]) {
        self.known = known
        forecasts = [:]
    }

    /// What an observation adds to the histogram of a kind: the kind's own, or the one of its whole provider.
    public struct Lesson: Sendable {
        public var kind: ExportKind
        public var shares: [(bin: Int, weight: Double)]
    }

    /// A kind leans on all exports of its provider, and those on a wide guess.
    public mutating func forecast(of kind: ExportKind, aim: PollAim) -> DurationForecast {
        let key = ForecastKey(kind: kind, aim: aim)
        if let forecast = forecasts[key] { return forecast }
        let base = kind == kind.all ? nil : forecast(of: kind.all, aim: aim)
        if forecasts.count >= Self.keptForecasts { forecasts = [:] }
        let spread = base == nil ? nil : meanSpread(of: kind, aim)
        let forecast = DurationForecast(known[kind]?.histogram ?? DurationHistogram(), over: base, aim: aim, meanSpread: spread)
        forecasts[key] = forecast
        return forecast
    }

    /// With a lag as the aim, a check costs the same for each kind of a provider: then the fewest give the mean lag over all of them.
    private mutating func meanSpread(of kind: ExportKind, _ aim: PollAim) -> Double? {
        guard case .lag = aim else { return nil }
        if commonAims[kind.provider]?.aim != aim {
            var common = CommonAim(aim: aim)
            let kinds = known.lazy.filter { $0.key.provider == kind.provider && $0.key != kind.all }.prefix(Self.kindsToBeginWith)
            for (_, exports) in kinds {
                common.add(DurationForecast(exports.histogram, aim: aim).spread, weight: exports.histogram.total)
            }
            commonAims[kind.provider] = common
        }
        return commonAims[kind.provider]?.meanSpread
    }

    /// By how much the checks of a provider may be fewer, because pushes have proved reliable.
    public func thinning(of provider: String) -> Double { known[ExportKind(provider: provider)]?.tally.thinning ?? 1 }

    /// Learns an export for its kind and for its provider.
    /// - Parameter found: how it was found ready; `nil` if it never was.
    public mutating func learn(_ observed: ObservedDuration, _ found: FoundExport? = nil, of kind: ExportKind) -> [Lesson] {
        var lessons: [Lesson] = []
        if kind != kind.all, let aim = commonAims[kind.provider]?.aim {
            let spread = forecast(of: kind, aim: aim).spread
            commonAims[kind.provider]?.add(spread)
        }
        for kind in Set([kind, kind.all]) {
            let shares = DurationHistogram.shares(of: observed, knowing: forecast(of: kind, aim: .usual))
            known[kind, default: KnownExports()].histogram.learn(shares)
            known[kind]?.tally.forget(1)
            if let found { known[kind]?.tally.add(found) }
            lessons.append(Lesson(kind: kind, shares: shares))
        }
        forecasts = forecasts.filter { $0.key.kind.provider != kind.provider }
        return lessons
    }
}

/// The lag that all kinds of a provider aim at together, and the mean of `DurationForecast.spread` over its exports, in which old ones fade.
private struct CommonAim: Sendable {
    let aim: PollAim
    private var sum = 0.0
    private var weight = 0.0

    init(aim: PollAim) { self.aim = aim }

    var meanSpread: Double? { weight < 1 ? nil : sum / weight }

    mutating func add(_ spread: Double, weight added: Double = 1) {
        let rest = pow(1 - 1 / DurationHistogram.memory, added)
        (sum, weight) = (sum * rest + spread * added, weight * rest + added)
    }
}
