import ExportCore

/// A line of a history that holds several checks, `AT : CHECKS`: AT is the time of the latest, and CHECKS what stood behind the progress of a job,
/// the earliest first. `Scripts/include/history.lua` writes it.
struct HistoryChecks {
    private let at: Int64
    private let checks: Substring

    static let found: Character = "\u{1F}"
    private static let next: Character = "\u{1D}"

    init?(line: Substring) {
        let words = line.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false)
        guard words.count == 3, words[1] == ":", let at = Int64(words[0]) else { return nil }
        (self.at, checks) = (at, words[2])
    }

    var entries: [HistoryEntry] {
        var entries: [HistoryEntry] = [], sinces: [Int64] = [], found = ""
        for check in checks.split(separator: Self.next) {
            let parts = check.split(separator: Self.found, maxSplits: 1, omittingEmptySubsequences: false)
            let words = parts[0].split(separator: "<", maxSplits: 1)
            guard let since = words.first.flatMap({ Int64($0) }) else { continue }
            if parts.count == 2 { found = String(parts[1]) }
            var entry = HistoryEntry(at: 0, what: HistoryEntry.check, detail: found)
            if words.count == 2 { entry.setNext(words[1]) }
            entries.append(entry)
            sinces.append(since)
        }
        var at = at
        for index in entries.indices.reversed() {
            entries[index].at = at
            at -= sinces[index]
        }
        return entries
    }
}
