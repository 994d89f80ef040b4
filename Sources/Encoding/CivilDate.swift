/// A day of the Gregorian calendar, also before 1582. It needs no calendar, locale or time zone of the system.
///
/// Source: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", 2013 (`days_from_civil` and `civil_from_days`).
public struct CivilDate: Sendable, Equatable {
    public let year: Int64
    /// 1 to 12.
    public let month: Int64
    /// 1 to 31.
    public let day: Int64

    /// - Returns: `nil` if the calendar has no such day.
    public init?(year: Int64, month: Int64, day: Int64) {
        self.init(unchecked: year, month, day)
        // A day that does not exist counts as one of the next month.
        guard (1...12).contains(month), (1...31).contains(day), CivilDate(days: days) == self else { return nil }
    }

    /// - Parameter days: since 1970-01-01.
    public init(days: Int64) {
        // Eras are periods of 400 years. Years begin on March 1st, so that the leap day is the last of its year.
        let (era, dayOfEra) = Self.floorDivide(days + 719_468, by: 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let marchMonth = (5 * dayOfYear + 2) / 153
        let month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
        self.init(unchecked: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * marchMonth + 2) / 5 + 1)
    }

    private init(unchecked year: Int64, _ month: Int64, _ day: Int64) {
        self.year = year
        self.month = month
        self.day = day
    }

    /// Days since 1970-01-01.
    public var days: Int64 {
        let (era, yearOfEra) = Self.floorDivide(month <= 2 ? year - 1 : year, by: 400)
        let dayOfYear = (153 * ((month + 9) % 12) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    /// Rounds the quotient down, so that the remainder is never negative.
    static func floorDivide(_ value: Int64, by divisor: Int64) -> (quotient: Int64, remainder: Int64) {
        let (quotient, remainder) = value.quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }
}
