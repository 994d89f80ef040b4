/// Lets the same key pass once an interval, and counts what it holds back meanwhile. Pure: the time is passed in.
struct RepetitionLimit {
    enum Admission: Equatable {
        /// Say it, and that so many like it were held back before.
        case pass(heldBack: Int)
        case hold
    }

    let interval: Duration
    /// Keys that are remembered; beyond it all new keys share one entry, so that keys made from data cannot fill the memory.
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

    mutating func admit(_ key: String, at now: ContinuousClock.Instant) -> Admission {
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
