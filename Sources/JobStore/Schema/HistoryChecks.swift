import ExportCore

/// A line of a history that holds several checks, `AT : CHECKS`: AT is the time of the latest, and CHECKS what the field `checks` of a job held.
/// `Scripts/include/history.lua` writes it.
struct HistoryChecks {
    private let at: Int64
    private let checks: Substring

    private static let found: Character = "\u{1F}", next: Character = "\u{1D}", changed: Character = "\u{1E}"

    init?(line: Substring) {
        let words = line.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false)
        guard words.count == 3, words[1] == ":", let at = Int64(words[0]) else { return nil }
        (self.at, checks) = (at, words[2])
    }

    /// In the order of their times.
    var entries: [HistoryEntry] {
        var entries: [HistoryEntry] = [], at = at
        for group in checks.split(separator: Self.changed) {
            let parts = group.split(separator: Self.found, maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2 else { continue }
            for token in parts[1].split(separator: Self.next) {
                let words = token.split(separator: "<", maxSplits: 1)
                guard let since = words.first.flatMap({ Int64($0) }) else { continue }
                var entry = HistoryEntry(at: at, what: HistoryEntry.check, detail: String(parts[0]))
                if words.count == 2 { entry.setNext(words[1]) }
                entries.append(entry)
                at -= since
            }
        }
        return entries.reversed()
    }
}
