import ExportCore

/// A line of a history that holds several checks, `AT : CHECKS`: AT is the time of the latest, and CHECKS what stood behind the progress of a job,
/// the earliest first. `Scripts/include/history.lua` writes it.
struct HistoryChecks {
    private let at: Int64
    private let checks: Substring

    static let found: Character = "\u{1F}"
    private static let next: Character = "\u{1D}"
    /// The digits of a time in ms since 1970 that the checks of 10,000 s share.
    static let periodDigits = 6
    private static let timeDigits = 13

    init?(line: Substring) {
        let words = line.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false)
        guard words.count == 3, words[1] == ":", let at = Int64(words[0]) else { return nil }
        (self.at, checks) = (at, words[2])
    }

    var entries: [HistoryEntry] {
        var entries: [HistoryEntry] = [], period = "", found = ""
        for check in checks.split(separator: Self.next) {
            let parts = check.split(separator: Self.found, maxSplits: 1, omittingEmptySubsequences: false)
            let words = parts[0].split(separator: "<", maxSplits: 1)
            guard var time = words.first else { continue }
            if parts.count == 2 {
                (period, found) = (String(time.prefix(Self.periodDigits)), String(parts[1]))
                time = time.dropFirst(Self.periodDigits)
            }
            // An earlier version wrote the time since the check before, which says nothing here.
            guard period.count + time.count == Self.timeDigits, let milliseconds = Int64(period + time) else { continue }
            var entry = HistoryEntry(at: milliseconds, what: HistoryEntry.check, detail: found)
            if words.count == 2 { entry.setNext(words[1]) }
            entries.append(entry)
        }
        guard let latest = entries.last?.at else { return [] }
        for index in entries.indices { entries[index].at += at - latest }
        return entries
    }
}
