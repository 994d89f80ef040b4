/// When to check an unfinished export again. `ops/docs/polling.md` explains the rules.
public enum PollPolicy: Sendable, Equatable {
    /// Always after `interval`, give or take a tenth.
    case fixed(interval: Duration)
    /// Every 1 to 2 minutes where exports usually take under 10 minutes, every 5 to 10 where they take over 30, and every 3 in between.
    /// Where nothing is known: every 3 minutes for half an hour, then every 5. The answers' progress narrows it. `min` and `max` bound every
    /// delay but a Retry-After.
    case tiered(min: Duration = .seconds(1), max: Duration = longestTiered)
    /// Where the exports that were seen so far make readiness likely, see `DurationForecast`; the answers' progress narrows it. `min` and `max`
    /// bound every delay but a Retry-After.
    case learned(aim: PollAim = .usual, min: Duration = .seconds(1), max: Duration = longestLearned)
    /// After `initial`, and after `factor` times as long each time, up to `max`.
    case backoff(initial: Duration, factor: Double = 2, max: Duration)

    /// The longest delay, where nothing else is said.
    public static let longestTiered = Duration.seconds(600), longestLearned = Duration.seconds(3600)

    /// The delay until the next check. A Retry-After is never undercut.
    /// - Parameters:
    ///   - waited: time since the export was created.
    ///   - random: uniform in 0..<1; spreads the checks, so that jobs created together do not stay together.
    public func nextDelay(waited: Duration, hints: PollHints, random: Double) -> ChosenDelay {
        let jitter = 0.9 + 0.2 * random, (shortest, longest) = bounds
        var delay: ChosenDelay
        switch self {
        case .fixed(let interval): delay = ChosenDelay(interval * jitter * hints.moment.stretch, .fixed)
        case .tiered:
            delay = TieredDelays.next(waited: waited, hints: hints)
            delay.time = min(max(delay.time * jitter * hints.moment.stretch, shortest), longest)
        case .learned(let aim, _, _):
            delay = (hints.moment.forecast ?? DurationForecast(aim: aim)).delay(waited: waited, progress: hints.progress, random: random)
            delay.time = min(max(delay.time * hints.moment.stretch, shortest), longest)
        case .backoff(let initial, let factor, let longest):
            // Without a memory: the sum of the delays so far is the time waited.
            let growth = max(initial, waited * (factor - 1) + initial)
            delay = ChosenDelay(min(growth * hints.moment.stretch, longest) * jitter, .growing)
        }
        if let asked = hints.retryAfter, asked > delay.time { delay = ChosenDelay(asked, .retryAfter) }
        guard let clock = hints.moment.clock else { return delay }
        delay.time = GatheredDelays.aligned(delay.time, clock: clock, atLeast: max(shortest, hints.retryAfter ?? .zero), atMost: longest)
        return delay
    }

    /// What every delay but a Retry-After stays within.
    private var bounds: (shortest: Duration, longest: Duration) {
        switch self {
        case .fixed(let interval): (interval * 0.9, .seconds(7 * 86_400))
        case .tiered(let shortest, let longest), .learned(_, let shortest, let longest): (shortest, longest)
        case .backoff(let initial, _, let longest): (initial * 0.9, longest * 1.1)
        }
    }

    public var aim: PollAim {
        if case .learned(let aim, _, _) = self { aim } else { .usual }
    }
}
