import Glibc

/// A time in UTC in the forms that AWS uses; seconds since 1970 go in.
struct AWSTimestamp: Sendable, Equatable {
    /// `20130524`
    let day: String
    /// `20130524T000000Z`
    let basic: String

    init(secondsSince1970: Int64) {
        var seconds = time_t(secondsSince1970)
        var parts = tm()
        gmtime_r(&seconds, &parts)
        func padded(_ value: Int32, _ width: Int = 2) -> String {
            let digits = String(value)
            return String(repeating: "0", count: max(0, width - digits.count)) + digits
        }
        day = padded(parts.tm_year + 1900, 4) + padded(parts.tm_mon + 1) + padded(parts.tm_mday)
        basic = day + "T" + padded(parts.tm_hour) + padded(parts.tm_min) + padded(parts.tm_sec) + "Z"
    }

    /// Reads `2024-01-31T23:59:59.000Z`, the form in S3's answers; `nil` for anything else. Fractions are cut off.
    static func secondsSince1970(iso8601 text: String) -> Int64? {
        guard text.hasSuffix("Z") else { return nil }
        let halves = text.dropLast().split(separator: "T")
        guard halves.count == 2 else { return nil }
        let fields = halves[0].split(separator: "-") + halves[1].prefix { $0 != "." }.split(separator: ":")
        let numbers = fields.compactMap { UInt16($0) }.map { Int32($0) }
        guard fields.count == 6, numbers.count == 6 else { return nil }
        var parts = tm()
        (parts.tm_year, parts.tm_mon, parts.tm_mday) = (numbers[0] - 1900, numbers[1] - 1, numbers[2])
        (parts.tm_hour, parts.tm_min, parts.tm_sec) = (numbers[3], numbers[4], numbers[5])
        return Int64(timegm(&parts))
    }
}
