import ExportCore

/// The exports of a simulation: how long they take, of which kinds they are, and how many there are in a day.
public struct Workload: Sendable {
    /// As likely one as the other.
    public var kinds: [DurationDistribution]
    /// Those that follow once half of the measured jobs have been created; `nil`: nothing changes.
    public var later: [DurationDistribution]?
    /// Whether the jobs say of which kind they are, as with `polling.key`.
    public var isKeyed: Bool
    /// Whether the API tells how much is done, evenly and in whole percents.
    public var tellsProgress: Bool
    public var jobsPerDay: Double
    /// Jobs to learn from, which have ended when the first measured one is created.
    public var history: Int
    /// Jobs that are measured.
    public var jobs: Int
    public var seed: UInt64

    public init(
        _ kinds: [DurationDistribution], later: [DurationDistribution]? = nil, isKeyed: Bool = false, tellsProgress: Bool = false,
        jobsPerDay: Double = 10_000, history: Int = 200, jobs: Int = 4000, seed: UInt64 = 1
    ) {
        self.kinds = kinds
        self.later = later
        self.isKeyed = isKeyed
        self.tellsProgress = tellsProgress
        self.jobsPerDay = jobsPerDay
        self.history = history
        self.jobs = jobs
        self.seed = seed
    }

    struct Export {
        var createdAt: Double
        var duration: Double
        var kind: Int
        /// Whether it counts for the result.
        var isMeasured: Bool

        /// What the API tells of it, if it tells anything.
        func progress(after waited: Double) -> Double { min((waited / duration * 100).rounded(.down) / 100, 0.99) }
    }

    /// Created at random instants, evenly over the days.
    func exports() -> [Export] {
        var random = SplitMix(seed: seed), clock = 0.0, end = 0.0
        return (0..<history + jobs).map { number in
            if number == history { clock = max(clock, end) }
            clock += DurationDistribution.exponential(mean: 86_400 / jobsPerDay).draw(&random)
            let present = number < history + jobs / 2 ? kinds : later ?? kinds
            let kind = Int.random(in: present.indices, using: &random)
            let duration = present[kind].draw(&random)
            end = max(end, clock + duration)
            return Export(createdAt: clock, duration: duration, kind: kind, isMeasured: number >= history)
        }
    }
}

/// A small generator of random numbers with a seed: SplitMix64 (Steele, Lea, Flood 2014).
struct SplitMix: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
