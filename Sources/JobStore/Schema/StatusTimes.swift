import Redis

/// What is known of a job when its status changes, by the store's clock.
public struct StatusTimes: Sendable, Equatable {
    /// How long it had the status that it leaves.
    public var before: Duration
    /// How long ago it was admitted.
    public var age: Duration

    public init(before: Duration, age: Duration) { (self.before, self.age) = (before, age) }
}

extension ChangeOutcome {
    /// Reads what `apply.lua` returns for a job.
    init?(_ value: RESPValue) {
        if let version = value.int {
            self = version < 0 ? .stale : .applied(version: version)
            return
        }
        guard let words = value.text?.split(separator: " ").compactMap({ Int64($0) }), words.count == 3 else { return nil }
        self = .applied(version: words[0], times: StatusTimes(before: .milliseconds(words[1]), age: .milliseconds(words[2])))
    }
}
