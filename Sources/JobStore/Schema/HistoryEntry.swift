/// A line of a job's history: a transition or what happened within a status.
public struct HistoryEntry: Sendable, Equatable {
    /// Milliseconds since the job's creation.
    public var at: Int64
    /// A status, or a sign: `~` a check, `!` a failed attempt, `+` a file.
    public var what: String
    public var detail: String

    public init(at: Int64, what: String, detail: String) {
        self.at = at
        self.what = what
        self.detail = detail
    }

    /// One entry for the checks that a long history does not hold line by line.
    /// - Parameters:
    ///   - checks: the field `checks`: how many checks the history tells, and the detail of the last one.
    ///   - attempts: the number of all checks.
    init?(checks: String, attempts: Int, at: Int64) {
        let parts = checks.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, let told = Int(parts[0]) else { return nil }
        let number = attempts - told > 1 ? ["(\(attempts - told) checks)"] : []
        self.init(at: at, what: "~", detail: ((parts[1].isEmpty ? [] : [String(parts[1])]) + number).joined(separator: " "))
    }

    /// The entries of the field `history`, which `Scripts/include/history.lua` writes; malformed lines are left out.
    static func decode(_ text: String) -> [HistoryEntry] {
        text.split(separator: "\n").compactMap { line in
            let parts = line.split(separator: " ", maxSplits: 2)
            guard parts.count >= 2, let at = Int64(parts[0]) else { return nil }
            return HistoryEntry(at: at, what: String(parts[1]), detail: parts.count > 2 ? String(parts[2]) : "")
        }
    }

    /// A detail that fits into a line of the history: without line breaks, and bounded.
    static func line(_ detail: String, atMost longest: Int = 200) -> String {
        if detail.utf8.count <= longest, detail.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) { return detail }
        var line = ""
        let isCut = detail.unicodeScalars.dropFirst(longest).first != nil
        for scalar in detail.unicodeScalars.prefix(isCut ? longest - 1 : longest) {
            line.unicodeScalars.append(scalar.value < 0x20 || scalar.value == 0x7F ? " " : scalar)
        }
        return isCut ? line + "…" : line
    }
}
