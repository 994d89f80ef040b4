import Encoding

/// The forms of the fault `429-odd`: what real APIs send as `Retry-After` besides whole seconds.
enum OddRetryAfter: String, Sendable, CaseIterable {
    case fraction, list, fixdate, rfc850, asctime, word, negative

    /// - Parameter now: in nanoseconds since 1970. A date is 1 to 2 seconds later.
    func text(at now: Int64) -> String {
        let date = HTTPDate(seconds: now / 1_000_000_000 + 2)
        return switch self {
        case .fraction: "2.5"
        case .list: "1, 1"
        case .fixdate: date.fixdate
        case .rfc850: date.rfc850
        case .asctime: date.asctime
        case .word: "soon"
        case .negative: "-1"
        }
    }
}

/// The three forms of a date in HTTP (RFC 9110, section 5.6.7).
private struct HTTPDate {
    private let date: CivilDate
    private let weekday: String
    private let clock: String

    private static let weekdays = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]
    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

    /// - Parameter seconds: since 1970-01-01 00:00 UTC, a Thursday; not negative.
    init(seconds: Int64) {
        let (days, second) = seconds.quotientAndRemainder(dividingBy: 86_400)
        date = CivilDate(days: days)
        weekday = Self.weekdays[Int((days + 4) % 7)]
        clock = [second / 3600, second / 60 % 60, second % 60].map { Self.padded($0) }.joined(separator: ":")
    }

    /// `Sun, 06 Nov 1994 08:49:37 GMT`
    var fixdate: String { "\(weekday.prefix(3)), \(Self.padded(date.day)) \(month) \(date.year) \(clock) GMT" }

    /// `Sunday, 06-Nov-94 08:49:37 GMT`
    var rfc850: String { "\(weekday), \(Self.padded(date.day))-\(month)-\(Self.padded(date.year % 100)) \(clock) GMT" }

    /// `Sun Nov  6 08:49:37 1994`
    var asctime: String { "\(weekday.prefix(3)) \(month) \(Self.padded(date.day, with: " ")) \(clock) \(date.year)" }

    private var month: String { Self.months[Int(date.month) - 1] }

    private static func padded(_ number: Int64, with filler: String = "0") -> String {
        number < 10 ? filler + String(number) : String(number)
    }
}
