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

    /// The entries of lines that `Scripts/include/history.lua` wrote; malformed ones are left out. It works on bytes: splitting a string by
    /// characters takes several times as long.
    public static func decode(_ text: String) -> [HistoryEntry] {
        Array(text.utf8).split(separator: UInt8(ascii: "\n")).flatMap { line in
            HistoryChecks(line: line)?.entries ?? HistoryEntry(line: line).map { [$0] } ?? []
        }
    }

    /// `AT WHAT*NUMBER<DELAY+REASON DETAIL<tab>ACTOR`
    private init?(line: ArraySlice<UInt8>) {
        let (told, actor) = line.cut(at: UInt8(ascii: "\t"))
        let (time, rest) = told.cut(at: UInt8(ascii: " "))
        guard let at = Int64(String(decoding: time, as: UTF8.self)), let rest else { return nil }
        let (step, detail) = rest.cut(at: UInt8(ascii: " "))
        let (what, next) = step.cut(at: UInt8(ascii: "<"))
        guard !what.isEmpty else { return nil }
        // The sign of an act is that of a number.
        let (name, number) = what.dropFirst().cut(at: UInt8(ascii: "*"))
        self.init(
            at: at, what: String(decoding: what.prefix(1) + name, as: UTF8.self), detail: String(decoding: detail ?? [], as: UTF8.self),
            number: number.flatMap { Int(String(decoding: $0, as: UTF8.self)) } ?? 1,
            actor: actor.flatMap { $0.isEmpty ? nil : String(decoding: $0, as: UTF8.self) })
        if let next { setNext(next) }
    }

    /// - Parameter text: seconds, or milliseconds and `ms`, and the letter of a reason.
    mutating func setNext(_ text: ArraySlice<UInt8>) {
        let digits = text.prefix { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }, rest = text.dropFirst(digits.count)
        guard let number = Int64(String(decoding: digits, as: UTF8.self)) else { return }
        nextIn = rest.starts(with: "ms".utf8) ? .milliseconds(number) : .seconds(number)
        reason = DelayReason(rawValue: String(decoding: rest.suffix(1), as: UTF8.self))
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

extension ArraySlice<UInt8> {
    /// What stands before the first `mark`, and what stands behind it; `nil` without a mark.
    func cut(at mark: UInt8) -> (ArraySlice, ArraySlice?) {
        guard let place = firstIndex(of: mark) else { return (self, nil) }
        return (self[..<place], self[(place + 1)...])
    }
}
