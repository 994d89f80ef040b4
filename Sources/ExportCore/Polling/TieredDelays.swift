/// The rule of `PollPolicy.tiered`.
enum TieredDelays {
    static func next(waited: Duration, hints: PollHints) -> ChosenDelay {
        let minute = Duration.seconds(60)
        if let rest = remaining(waited: waited, progress: hints.progress) {
            // Half the estimate: an estimate that is right is checked a few times near the end, a wrong one is soon corrected.
            return ChosenDelay(min(max(rest * 0.5, .seconds(1)), minute * 10), .progress)
        }
        guard let usual = hints.moment.forecast?.usual else { return ChosenDelay(waited < minute * 30 ? minute * 3 : minute * 5, .unknown) }
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
