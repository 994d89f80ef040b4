/// A point in time in UTC, for keys and manifests: days are turned into dates by Howard Hinnant's `civil_from_days`
/// (chrono-Compatible Low-Level Date Algorithms, 2013), without any calendar or locale of the system.
struct UTCTime: Sendable, Equatable {
    /// Milliseconds since 1970-01-01T00:00:00Z.
    let milliseconds: Int64

    private static let day: Int64 = 86_400_000

    /// `2026-02-28`
    var date: String {
        let (year, month, day) = Self.civil(days: Self.floor(milliseconds, Self.day))
        return "\(Self.padded(year, 4))-\(Self.padded(month, 2))-\(Self.padded(day, 2))"
    }

    /// RFC 3339 with milliseconds: `2026-02-28T07:05:01.250Z`
    var timestamp: String {
        let rest = milliseconds - Self.floor(milliseconds, Self.day) * Self.day
        let (hours, minutes, seconds) = (rest / 3_600_000, rest / 60_000 % 60, rest / 1000 % 60)
        return "\(date)T\(Self.padded(hours, 2)):\(Self.padded(minutes, 2)):\(Self.padded(seconds, 2)).\(Self.padded(rest % 1000, 3))Z"
    }

    /// `days` since 1970-01-01; eras are periods of 400 years that begin on March 1st.
    private static func civil(days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = days + 719_468
        let era = floor(shifted, 146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let marchMonth = (5 * dayOfYear + 2) / 153
        let month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        return (year, month, dayOfYear - (153 * marchMonth + 2) / 5 + 1)
    }

    private static func floor(_ value: Int64, _ divisor: Int64) -> Int64 {
        value >= 0 ? value / divisor : -((-value + divisor - 1) / divisor)
    }

    private static func padded(_ number: Int64, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}
