/// An export that a check found ready, and how well it was polled.
public struct FoundExport: Sendable, Equatable {
    /// Checks that it took.
    public var checks: Int
    /// From its readiness to its discovery: as the API tells it, or half the time since the check before.
    public var lag: Duration
    /// From its creation to its discovery.
    public var waited: Duration
    /// How long such exports usually took before; `nil`: that was not known.
    public var predicted: Duration?
    /// Whether a callback or another hint brought the check.
    public var wasPushed: Bool

    public init(checks: Int, lag: Duration, waited: Duration, predicted: Duration?, wasPushed: Bool = false) {
        self.checks = checks
        self.lag = lag
        self.waited = waited
        self.predicted = predicted
        self.wasPushed = wasPushed
    }

    /// How far the prediction was off, as a share of it; `nil` without one.
    public var error: Double? {
        guard let predicted, predicted > .zero else { return nil }
        return abs((waited - lag) / predicted - 1)
    }
}

/// How well the exports of a kind were polled: sums over them, in which each export makes the earlier ones count less, as in
/// `DurationHistogram`.
public struct PollTally: Sendable, Equatable {
    public private(set) var exports = 0.0, checks = 0.0
    /// In seconds.
    public private(set) var lag = 0.0
    /// Exports with a prediction, and by how much it was off.
    public private(set) var predicted = 0.0, error = 0.0
    /// Exports that a callback or another hint found.
    public private(set) var pushed = 0.0

    public init() {}

    /// - Parameter sums: in the order of `sums`; others are left out.
    public init(sums: [Double]) {
        guard sums.count == 6, sums.allSatisfy({ $0.isFinite && $0 >= 0 }) else { return }
        (exports, checks, lag, predicted, error, pushed) = (sums[0], sums[1], sums[2], sums[3], sums[4], sums[5])
    }

    public var sums: [Double] { [exports, checks, lag, predicted, error, pushed] }

    public mutating func add(_ found: FoundExport) {
        exports += 1
        checks += Double(found.checks)
        lag += found.lag / .seconds(1)
        if let off = found.error {
            predicted += 1
            // One export in a hundred that takes a hundred times as long must not hide the others.
            error += min(off, 10)
        }
        if found.wasPushed { pushed += 1 }
    }

    public mutating func forget(_ count: Int) {
        let rest = DurationHistogram.rest(after: count)
        self = PollTally(sums: sums.map { $0 * rest })
    }

    public var pollsPerJob: Double? { exports > 0 ? checks / exports : nil }
    public var wastedPerJob: Double? { exports > 0 ? max(checks / exports - 1, 0) : nil }
    public var meanLag: Duration? { exports > 0 ? .seconds(lag / exports) : nil }
    public var meanError: Double? { predicted > 0 ? error / predicted : nil }
    public var pushedShare: Double? { exports > 0 ? pushed / exports : nil }

    /// By how much checks may be fewer, because pushes come all the same; 1: not at all.
    public var thinning: Double {
        guard exports >= Self.enough, let share = pushedShare, share >= Self.reliable else { return 1 }
        return Self.thinned
    }

    private static let enough = 20.0, reliable = 0.9, thinned = 4.0
}

/// What is known of the exports of a kind.
public struct KnownExports: Sendable, Equatable {
    public var histogram: DurationHistogram
    public var tally: PollTally

    public init(histogram: DurationHistogram = DurationHistogram(), tally: PollTally = PollTally()) {
        self.histogram = histogram
        self.tally = tally
    }
}
