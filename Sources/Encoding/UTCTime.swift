/// A point in time in UTC, to the millisecond, in the text forms that keys, manifests, logs, headers and signatures use.
public struct UTCTime: Sendable, Equatable {
    /// Since 1970-01-01T00:00:00Z.
    public let milliseconds: Int64

    public init(milliseconds: Int64) { self.milliseconds = milliseconds }

    /// - Parameter seconds: since 1970-01-01T00:00:00Z.
    public init(seconds: Int64) {
        let (milliseconds, isOverflow) = seconds.multipliedReportingOverflow(by: 1000)
        self.milliseconds = isOverflow ? (seconds < 0 ? .min : .max) : milliseconds
    }

    /// Since 1970-01-01T00:00:00Z, rounded down.
    public var seconds: Int64 { CivilDate.floorDivide(milliseconds, by: 1000).quotient }

    /// `2026-02-28`
    public var date: String { text { appendDate(to: &$0, separated: true) } }

    /// RFC 3339 with milliseconds: `2026-02-28T07:05:01.250Z`
    public var timestamp: String { text { appendTimestamp(to: &$0) } }

    /// RFC 3339 in whole seconds, rounded down: `2026-02-28T07:05:01Z`
    public var timestampInSeconds: String {
        text { text in
            appendDate(to: &text, separated: true)
            text.append(UInt8(ascii: "T"))
            appendClock(to: &text, separated: true)
            text.append(UInt8(ascii: "Z"))
        }
    }

    /// For people, in whole seconds, rounded down: `2026-02-28 07:05:01`
    public var dateAndTime: String {
        text { text in
            appendDate(to: &text, separated: true)
            text.append(UInt8(ascii: " "))
            appendClock(to: &text, separated: true)
        }
    }

    /// The basic form of ISO 8601, as AWS signatures use it: `20260228`
    public var basicDate: String { text { appendDate(to: &$0, separated: false) } }

    /// The basic form of ISO 8601 in whole seconds, as AWS signatures use it: `20260228T070501Z`
    public var basicTimestamp: String {
        text { text in
            appendDate(to: &text, separated: false)
            text.append(UInt8(ascii: "T"))
            appendClock(to: &text, separated: false)
            text.append(UInt8(ascii: "Z"))
        }
    }

    /// Appends `timestamp`.
    public func appendTimestamp(to text: inout [UInt8]) {
        appendDate(to: &text, separated: true)
        text.append(UInt8(ascii: "T"))
        appendTimeOfDay(to: &text)
        text.append(UInt8(ascii: "Z"))
    }

    /// Appends the time of day with milliseconds: `07:05:01.250`
    public func appendTimeOfDay(to text: inout [UInt8]) {
        appendClock(to: &text, separated: true)
        text.append(UInt8(ascii: "."))
        Self.append(CivilDate.floorDivide(milliseconds, by: 1000).remainder, digits: 3, to: &text)
    }
}

extension UTCTime {
    private static let millisecondsOfDay: Int64 = 86_400_000

    private func text(_ write: (inout [UInt8]) -> Void) -> String {
        var text: [UInt8] = []
        text.reserveCapacity(24)
        write(&text)
        return String(decoding: text, as: UTF8.self)
    }

    private func appendDate(to text: inout [UInt8], separated: Bool) {
        let date = CivilDate(days: CivilDate.floorDivide(milliseconds, by: Self.millisecondsOfDay).quotient)
        Self.append(date.year, digits: 4, to: &text)
        for part in [date.month, date.day] {
            if separated { text.append(UInt8(ascii: "-")) }
            Self.append(part, digits: 2, to: &text)
        }
    }

    private func appendClock(to text: inout [UInt8], separated: Bool) {
        let second = CivilDate.floorDivide(milliseconds, by: Self.millisecondsOfDay).remainder / 1000
        Self.append(second / 3600, digits: 2, to: &text)
        for part in [second / 60 % 60, second % 60] {
            if separated { text.append(UInt8(ascii: ":")) }
            Self.append(part, digits: 2, to: &text)
        }
    }

    private static func append(_ number: Int64, digits: Int, to text: inout [UInt8]) {
        let decimal = String(number).utf8
        for _ in 0..<max(0, digits - decimal.count) { text.append(UInt8(ascii: "0")) }
        text.append(contentsOf: decimal)
    }
}
