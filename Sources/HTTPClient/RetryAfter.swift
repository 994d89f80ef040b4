extension HTTPHeaders {
    /// The delay in the `Retry-After` field, or `nil` if it is missing or invalid.
    /// - Parameter now: seconds since 1970 (UTC).
    public func retryAfter(now: Int64) -> Duration? { self["retry-after"].flatMap { RetryAfter.delay($0, now: now) } }
}

/// The value of `Retry-After`: seconds or a date (RFC 9110, section 10.2.3).
public enum RetryAfter {
    /// The delay from `now` (seconds since 1970), zero if the date has passed, `nil` if the value has neither form. Fractions are
    /// rounded up, so that the wait is never too short. Of a list, as a repeated field gives, the first value counts. Delays are
    /// capped at 100 years.
    public static func delay(_ value: String, now: Int64) -> Duration? {
        if let seconds = seconds(value) { return seconds }
        guard let date = HTTPDate.seconds(value, now: now) else { return nil }
        return .seconds(min(max(date - now, 0), longest))
    }

    /// `nil` unless the first value of the list is a decimal number without a sign.
    private static func seconds(_ value: String) -> Duration? {
        var digits = value.utf8.prefix { $0 != UInt8(ascii: ",") }
        while let last = digits.last, last.isBlank { digits.removeLast() }
        while let first = digits.first, first.isBlank { digits.removeFirst() }
        let parts = digits.split(separator: UInt8(ascii: "."), maxSplits: 1, omittingEmptySubsequences: false)
        guard let whole = parts.first, !whole.isEmpty, parts.allSatisfy({ $0.allSatisfy(\.isDigit) }) else { return nil }
        let hasFraction = parts.count == 2 && parts[1].contains { $0 != UInt8(ascii: "0") }
        // A number that exceeds Int64 is still a number.
        return .seconds(min(Int64(Substring(whole)) ?? longest, longest) + (hasFraction ? 1 : 0))
    }

    private static let longest: Int64 = 100 * 366 * 86_400
}
