/// How many attempts may be in progress, in all and to one receiver, so that a slow one cannot use up the places of the others.
///
/// What has no room is told when to come back: those that wait for one receiver are spread over the time that it needs for those before
/// them, so that a long backlog is not claimed again every second.
struct WebhookSlots {
    private let limit: Int, limitPerReceiver: Int
    private var everyone = Lane()
    /// Only of receivers with attempts in progress.
    private var receivers: [String: Lane] = [:]

    private struct Lane {
        var inProgress = 0
        /// How long an attempt takes: a moving average.
        var usual = Duration.seconds(1)
        /// When those that were told to come back are served.
        var end: ContinuousClock.Instant?
    }

    static let shortestWait = Duration.seconds(1), longestWait = Duration.seconds(300)

    init(limit: Int = 64, limitPerReceiver: Int = 8) {
        (self.limit, self.limitPerReceiver) = (limit, limitPerReceiver)
    }

    var inProgress: Int { everyone.inProgress }

    /// Takes a place. Call `leave` at the end of the attempt.
    /// - Parameter receiver: scheme, host and port.
    /// - Returns: `nil` if the attempt may begin; otherwise when to come back.
    mutating func enter(_ receiver: String, now: ContinuousClock.Instant) -> Duration? {
        if everyone.inProgress >= limit { return Self.wait(&everyone, limit, now) }
        if receivers[receiver]?.inProgress ?? 0 >= limitPerReceiver {
            return Self.wait(&receivers[receiver, default: Lane()], limitPerReceiver, now)
        }
        everyone.inProgress += 1
        receivers[receiver, default: Lane()].inProgress += 1
        return nil
    }

    mutating func leave(_ receiver: String, took: Duration) {
        Self.leave(&everyone, took)
        guard var lane = receivers[receiver] else { return }
        Self.leave(&lane, took)
        receivers[receiver] = lane.inProgress > 0 ? lane : nil
    }

    private static func leave(_ lane: inout Lane, _ took: Duration) {
        lane.inProgress -= 1
        lane.usual = lane.usual * 0.8 + took * 0.2
    }

    private static func wait(_ lane: inout Lane, _ places: Int, _ now: ContinuousClock.Instant) -> Duration {
        let end = max(lane.end ?? now, now) + lane.usual / places
        lane.end = min(end, now + longestWait)
        return min(max(end - now, shortestWait), longestWait)
    }
}
