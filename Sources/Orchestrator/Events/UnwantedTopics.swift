/// Topics for which no queue is bound: the broker has returned an event of theirs a moment ago. Publishing costs the broker as much for an event
/// that nobody wants as for another.
struct UnwantedTopics {
    private var until: [String: ContinuousClock.Instant] = [:]

    /// A queue that is bound now gets what happens later than this.
    static let memory = Duration.seconds(2)
    /// Of providers that exist no more.
    private static let limit = 10_000

    mutating func insert(_ topic: String) {
        if until.count >= Self.limit { until.removeAll() }
        until[topic] = .now + Self.memory
    }

    /// Once in a while an event is published to find out.
    mutating func contains(_ topic: String) -> Bool {
        guard let end = until[topic] else { return false }
        if end > .now { return true }
        until[topic] = nil
        return false
    }
}
