/// What the last answer and earlier exports say about when the export will be ready.
public struct PollHints: Sendable, Equatable {
    /// The answer's Retry-After.
    public var retryAfter: Duration?
    /// How much of the export is done, 0...1.
    public var progress: Double?
    /// How long this provider's exports of this kind usually take.
    public var usualDuration: Duration?
    /// Whether the export has not begun to run.
    public var isQueued: Bool
    /// How long it has run; `nil`: it is queued, or nobody asks.
    public var hasRunFor: Duration?
    /// Whether a request follows that nothing is waited for: one of `steps`.
    public var isDueAtOnce: Bool

    public init(
        retryAfter: Duration? = nil, progress: Double? = nil, usualDuration: Duration? = nil, isQueued: Bool = false,
        hasRunFor: Duration? = nil, isDueAtOnce: Bool = false
    ) {
        self.retryAfter = retryAfter
        self.progress = progress
        self.usualDuration = usualDuration
        self.isQueued = isQueued
        self.hasRunFor = hasRunFor
        self.isDueAtOnce = isDueAtOnce
    }
}

/// When to check an unfinished export again.
public enum PollPolicy: Sendable, Equatable {
    /// Always after `interval`, give or take a tenth.
    case fixed(interval: Duration)
    /// Every 1 to 2 minutes where exports usually take under 10 minutes, every 5 to 10 where they take over 30, and every 3 in between.
    /// Where nothing is known: every 3 minutes for half an hour, then every 5. The answers' progress narrows it. `min` and `max` bound every
    /// delay but a Retry-After.
    case tiered(min: Duration = .seconds(1), max: Duration = .seconds(600))

    /// The delay until the next check. A Retry-After is never undercut.
    /// - Parameters:
    ///   - waited: time since the export was created.
    ///   - random: uniform in 0..<1; spreads the checks by ±10 %, so that jobs created together do not stay together.
    public func nextDelay(waited: Duration, hints: PollHints, random: Double) -> ChosenDelay {
        let jitter = 0.9 + 0.2 * random
        var delay: ChosenDelay
        switch self {
        case .fixed(let interval): delay = ChosenDelay(interval * jitter, .fixed)
        case .tiered(let shortest, let longest):
            delay = Self.tier(waited: waited, hints: hints)
            delay.time = min(max(delay.time * jitter, shortest), longest)
        }
        guard let asked = hints.retryAfter, asked > delay.time else { return delay }
        return ChosenDelay(asked, .retryAfter)
    }

    private static func tier(waited: Duration, hints: PollHints) -> ChosenDelay {
        let minute = Duration.seconds(60)
        if let rest = remaining(waited: waited, progress: hints.progress) {
            // Half the estimate: an estimate that is right is checked a few times near the end, a wrong one is soon corrected.
            return ChosenDelay(min(max(rest * 0.5, .seconds(1)), minute * 10), .progress)
        }
        guard let usual = hints.usualDuration else { return ChosenDelay(waited < minute * 30 ? minute * 3 : minute * 5, .unknown) }
        let distance = min(abs((waited - usual) / usual), 1)
        return switch usual {
        case ..<(minute * 10): ChosenDelay(minute + minute * distance, .usual)
        case ...(minute * 30): ChosenDelay(minute * 3, .usual)
        default: ChosenDelay(minute * 5 + minute * 5 * distance, .usual)
        }
    }

    /// The remaining time if the progress continues at the same rate.
    private static func remaining(waited: Duration, progress: Double?) -> Duration? {
        guard let progress, progress > 0, progress <= 1, waited > .zero else { return nil }
        return waited * ((1 - progress) / progress)
    }
}
