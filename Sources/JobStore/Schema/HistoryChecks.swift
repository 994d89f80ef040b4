import ExportCore

/// A line of a history that holds several checks, `AT : CHECKS`: AT is the time of the latest, and CHECKS what stood behind the progress of a job,
/// the earliest first. `Scripts/include/history.lua` writes it.
struct HistoryChecks {
    private let at: Int64
    private let checks: ArraySlice<UInt8>

    static let found: UInt8 = 0x1F
    private static let next: UInt8 = 0x1D
    /// The digits of a time in ms since 1970 that the checks of 10,000 s share.
    static let periodDigits = 6
    private static let timeDigits = 13

    init?(line: ArraySlice<UInt8>) {
        let (time, rest) = line.cut(at: UInt8(ascii: " "))
        guard let rest, rest.starts(with: ": ".utf8), let at = Int64(String(decoding: time, as: UTF8.self)) else { return nil }
        (self.at, checks) = (at, rest.dropFirst(2))
    }

    var entries: [HistoryEntry] {
        var entries: [HistoryEntry] = [], period = ArraySlice<UInt8>(), found = ""
        for check in checks.split(separator: Self.next) {
            let (told, news) = check.cut(at: Self.found)
            var (time, next) = told.cut(at: UInt8(ascii: "<"))
            if let news {
                (period, found) = (time.prefix(Self.periodDigits), String(decoding: news, as: UTF8.self))
                time = time.dropFirst(Self.periodDigits)
            }
            // An earlier version wrote the time since the check before, which says nothing here.
            guard period.count + time.count == Self.timeDigits,
                let milliseconds = Int64(String(decoding: period + time, as: UTF8.self))
            else { continue }
            var entry = HistoryEntry(at: milliseconds, what: HistoryEntry.check, detail: found)
            if let next { entry.setNext(next) }
            entries.append(entry)
        }
        guard let latest = entries.last?.at else { return [] }
        for index in entries.indices { entries[index].at += at - latest }
        return entries
    }
}
