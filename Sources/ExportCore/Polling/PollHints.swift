/// What the last answer and earlier exports say about when the export will be ready.
public struct PollHints: Sendable, Equatable {
    /// The answer's Retry-After.
    public var retryAfter: Duration?
    /// How much of the export is done, 0...1.
    public var progress: Double?
    /// Whether the export has not begun to run.
    public var isQueued: Bool
    /// How long it has run; `nil`: it is queued, or nobody asks.
    public var hasRunFor: Duration?
    /// Whether a request follows that nothing is waited for: one of `steps`.
    public var isDueAtOnce: Bool
    /// What does not come from the answer.
    public var moment: PollMoment

    public init(
        retryAfter: Duration? = nil, progress: Double? = nil, isQueued: Bool = false, hasRunFor: Duration? = nil,
        isDueAtOnce: Bool = false, moment: PollMoment = PollMoment()
    ) {
        self.retryAfter = retryAfter
        self.progress = progress
        self.isQueued = isQueued
        self.hasRunFor = hasRunFor
        self.isDueAtOnce = isDueAtOnce
        self.moment = moment
    }
}

/// What a delay depends on besides the job and its answers.
public struct PollMoment: Sendable, Equatable {
    /// When this provider's exports of this kind are ready.
    public var forecast: DurationForecast?
    /// The time of day, where checks are asked for together: they then fall due together. `nil`: each on its own.
    public var clock: Duration?
    /// What the delay is multiplied by, see `PollPace` and `PollTally`.
    public var stretch: Double

    public init(forecast: DurationForecast? = nil, clock: Duration? = nil, stretch: Double = 1) {
        self.forecast = forecast
        self.clock = clock
        self.stretch = stretch
    }
}
