import ExportCore

/// What happened to a job, or in a summary what happened several times in a row.
public struct HistoryEntry: Sendable, Equatable {
    /// Milliseconds since the job's creation.
    public var at: Int64
    /// A status that the job got, or one of the signs below.
    public var what: String
    public var detail: String
    /// How often in a row; more than 1 only where the older lines have moved into the trail.
    public var number: Int
    /// How long after this the next step is due, as it was decided then.
    public var nextIn: Duration?
    public var reason: DelayReason?
    /// The process or the person; `nil`: the one of the line before, or nobody is named.
    public var actor: String?

    /// A status check that found the export not ready, a failed attempt, a stored file, a claim, what somebody asked for, and a lease that ended
    /// because its owner did not come back.
    public static let check = "~", failure = "!", file = "+", claim = ">", act = "*", lapse = "^"
    /// Lines that only the trail has, lines that were lost because the trail was full, and where the older lines are.
    public static let omitted = "-", lost = "?", moved = "="

    public init(
        at: Int64, what: String, detail: String, number: Int = 1, nextIn: Duration? = nil, reason: DelayReason? = nil,
        actor: String? = nil
    ) {
        (self.at, self.what, self.detail, self.number) = (at, what, detail, number)
        (self.nextIn, self.reason, self.actor) = (nextIn, reason, actor)
    }

    /// The entries of lines that `Scripts/include/history.lua` wrote; malformed ones are left out.
    public static func decode(_ text: String) -> [HistoryEntry] {
        text.split(separator: "\n").flatMap { line in HistoryChecks(line: line)?.entries ?? HistoryEntry(line: line).map { [$0] } ?? [] }
    }

    /// `AT WHAT*NUMBER<DELAY+REASON DETAIL<tab>ACTOR`
    private init?(line: Substring) {
        let sides = line.split(separator: "\t", maxSplits: 1)
        guard let told = sides.first else { return nil }
        let words = told.split(separator: " ", maxSplits: 2)
        guard words.count >= 2, let at = Int64(words[0]) else { return nil }
        let parts = words[1].split(separator: "<", maxSplits: 1)
        // The sign of an act is that of a number.
        let counted = parts[0].dropFirst().split(separator: "*", maxSplits: 1, omittingEmptySubsequences: false)
        self.init(
            at: at, what: String(parts[0].prefix(1)) + String(counted.first ?? ""), detail: words.count > 2 ? String(words[2]) : "",
            number: counted.count > 1 ? Int(counted[1]) ?? 1 : 1, actor: sides.count > 1 ? String(sides[1]) : nil)
        if parts.count > 1 { setNext(parts[1]) }
    }

    /// - Parameter text: seconds, or milliseconds and `ms`, and the letter of a reason.
    mutating func setNext(_ text: Substring) {
        let digits = text.prefix { $0.isNumber }, rest = text.dropFirst(digits.count)
        guard let number = Int64(digits) else { return }
        nextIn = rest.hasPrefix("ms") ? .milliseconds(number) : .seconds(number)
        reason = DelayReason(rawValue: String(rest.suffix(1)))
    }

    /// What follows the sign of a step that has a next one; the script adds the delay.
    static func because(_ reason: DelayReason) -> String { "<" + reason.rawValue }

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
