/// Passes each key once per interval, and counts what it suppresses in between. Pure: the time is a parameter.
struct RepetitionLimit {
    enum Decision: Equatable {
        /// Log it, with the number of suppressed messages before it.
        case pass(heldBack: Int)
        case hold
    }

    let interval: Duration
    /// The number of keys remembered; further keys share one entry, so that keys derived from data cannot exhaust memory.
    let maximumKeys: Int
    private var entries: [String: Entry] = [:]

    private struct Entry {
        var lastPass: ContinuousClock.Instant
        var heldBack: Int
    }

    init(interval: Duration, maximumKeys: Int) {
        self.interval = interval
        self.maximumKeys = maximumKeys
    }

    mutating func admit(_ key: String, at now: ContinuousClock.Instant) -> Decision {
        let key = entryKey(for: key, at: now)
        guard let entry = entries[key], now - entry.lastPass < interval else {
            let heldBack = entries[key]?.heldBack ?? 0
            entries[key] = Entry(lastPass: now, heldBack: 0)
            return .pass(heldBack: heldBack)
        }
        entries[key]?.heldBack += 1
        return .hold
    }

    private mutating func entryKey(for key: String, at now: ContinuousClock.Instant) -> String {
        if entries[key] != nil || entries.count < maximumKeys { return key }
        entries = entries.filter { now - $0.value.lastPass < interval }
        return entries.count < maximumKeys ? key : "…"
    }
}
