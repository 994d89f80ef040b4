import Encoding

/// The three date formats of RFC 9110, section 5.6.7.
public enum HTTPDate {
    /// Seconds since 1970, or `nil` if the text is not such a date.
    /// - Parameter now: seconds since 1970; determines the century of a two-digit year.
    public static func seconds(_ text: String, now: Int64) -> Int64? {
        let words = text.utf8.split { $0.isBlank || $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: "-") }.map(Substring.init)
        switch words.count {
        case 6 where words[5] == "GMT" && text.utf8.contains(UInt8(ascii: "-")):
            // Sunday, 06-Nov-94 08:49:37 GMT
            return seconds(day: words[1], month: words[2], year: century(words[3], now: now), time: words[4])
        case 6 where words[5] == "GMT":
            // Sun, 06 Nov 1994 08:49:37 GMT
            return seconds(day: words[1], month: words[2], year: number(words[3], digits: 4), time: words[4])
        case 5:
            // Sun Nov  6 08:49:37 1994
            return seconds(day: words[2], month: words[1], year: number(words[4], digits: 4), time: words[3])
        default:
            return nil
        }
    }

    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

    private static func seconds(day: Substring, month: Substring, year: Int64?, time: Substring) -> Int64? {
        let clock = time.split(separator: ":", omittingEmptySubsequences: false).map { number($0, digits: 2) }
        guard let day = number(day, digits: day.utf8.count), let year, let month = months.firstIndex(of: String(month)),
            let date = CivilDate(year: year, month: Int64(month) + 1, day: day), clock.count == 3,
            let hour = clock[0], let minute = clock[1], let second = clock[2], hour < 24, minute < 60, second <= 60
        else { return nil }
        return date.days * 86_400 + hour * 3600 + minute * 60 + second
    }

    /// A year more than 50 years in the future means the most recent past year with those digits (RFC 9110, section 5.6.7).
    private static func century(_ text: Substring, now: Int64) -> Int64? {
        guard let short = number(text, digits: 2) else { return nil }
        let thisYear = 1970 + now / 31_556_952
        let year = thisYear - thisYear % 100 + short
        return year > thisYear + 50 ? year - 100 : year
    }

    private static func number(_ text: Substring, digits: Int) -> Int64? {
        guard text.utf8.count == digits, (1...4).contains(digits), text.utf8.allSatisfy(\.isDigit) else { return nil }
        return Int64(text)
    }
}
