extension HTTPHeaders {
    /// The delay in the `Retry-After` field, or `nil` if it is missing or invalid.
    /// - Parameter now: seconds since 1970 (UTC).
    public func retryAfter(now: Int64) -> Duration? { self["retry-after"].flatMap { RetryAfter.delay($0, now: now) } }
}

/// The value of `Retry-After`: seconds or a date (RFC 9110, section 10.2.3).
public enum RetryAfter {
    /// The delay from `now` (seconds since 1970), zero if the date has passed, `nil` if the value has neither form. Delays are
    /// capped at 100 years.
    public static func delay(_ value: String, now: Int64) -> Duration? {
        let limit: Int64 = 100 * 366 * 86_400
        let digits = value.utf8
        if !digits.isEmpty, digits.allSatisfy(\.isDigit) {
            // A number that exceeds Int64 is still a number.
            return .seconds(min(Int64(value) ?? limit, limit))
        }
        guard let date = HTTPDate.seconds(value, now: now) else { return nil }
        return .seconds(min(max(date - now, 0), limit))
    }
}
