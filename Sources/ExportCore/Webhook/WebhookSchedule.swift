/// When a webhook message is sent again: the example schedule of Standard Webhooks 1.0.0, section "Deliverability and reliability", ten
/// attempts over 75 hours.
public struct WebhookSchedule: Sendable, Equatable {
    /// The delays after the first failed attempt, the second, and so on. After one more, the message is given up.
    public var delays: [Duration]
    /// The longest `Retry-After` that is honoured.
    public var longestRetryAfter: Duration

    public static let standard = WebhookSchedule(
        delays: [
            .seconds(5), .seconds(5 * 60), .seconds(30 * 60), .seconds(2 * 3600), .seconds(5 * 3600), .seconds(10 * 3600),
            .seconds(14 * 3600), .seconds(20 * 3600), .seconds(24 * 3600),
        ], longestRetryAfter: .seconds(24 * 3600))

    public init(delays: [Duration], longestRetryAfter: Duration) {
        self.delays = delays
        self.longestRetryAfter = longestRetryAfter
    }

    /// The same schedule in another unit of time: tests cannot wait for days.
    public func scaled(by factor: Double) -> WebhookSchedule {
        WebhookSchedule(delays: delays.map { $0 * factor }, longestRetryAfter: longestRetryAfter * factor)
    }

    public var attempts: Int { delays.count + 1 }

    /// The delay until the next attempt, up to a tenth shorter or longer than planned, so that messages that failed together do not come
    /// together again.
    /// - Parameters:
    ///   - attempts: that have failed, from 1.
    ///   - retryAfter: what the receiver asked for; it is not undercut, up to `longestRetryAfter`.
    ///   - random: uniform in 0..<1.
    /// - Returns: `nil` when all attempts are used up.
    public func delay(after attempts: Int, retryAfter: Duration? = nil, random: Double) -> Duration? {
        guard delays.indices.contains(attempts - 1) else { return nil }
        let planned = delays[attempts - 1] * (0.9 + 0.2 * random)
        guard let retryAfter else { return planned }
        return max(planned, min(retryAfter, longestRetryAfter))
    }
}
