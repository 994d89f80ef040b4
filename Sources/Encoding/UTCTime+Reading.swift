extension UTCTime {
    /// Reads RFC 3339 (section 5.6): `2026-02-28T07:05:01Z`, with a fraction or without, `Z` or an offset such as `+02:00`. Digits after the
    /// milliseconds are cut off. A leap second counts as the first second of the next minute.
    /// - Returns: `nil` for anything else, and for days that the calendar does not have.
    public init?(_ text: some StringProtocol) {
        var reader = TimestampReader(rest: Array(text.utf8)[...])
        guard let year = reader.number(digits: 4), reader.skip("-"), let month = reader.number(digits: 2), reader.skip("-"),
            let day = reader.number(digits: 2), let date = CivilDate(year: year, month: month, day: day),
            reader.skip("T") || reader.skip("t"), let hour = reader.number(digits: 2), hour < 24, reader.skip(":"),
            let minute = reader.number(digits: 2), minute < 60, reader.skip(":"), let second = reader.number(digits: 2), second <= 60,
            let fraction = reader.milliseconds(), let offset = reader.offset(), reader.rest.isEmpty
        else { return nil }
        milliseconds = (date.days * 86_400 + hour * 3600 + minute * 60 + second - offset) * 1000 + fraction
    }
}

private struct TimestampReader {
    var rest: ArraySlice<UInt8>

    mutating func skip(_ character: Unicode.Scalar) -> Bool {
        guard rest.first == UInt8(ascii: character) else { return false }
        rest.removeFirst()
        return true
    }

    mutating func number(digits: Int) -> Int64? {
        var number: Int64 = 0
        for _ in 0..<digits {
            guard let digit = digit() else { return nil }
            number = number * 10 + digit
        }
        return number
    }

    /// Zero without a fraction.
    mutating func milliseconds() -> Int64? {
        guard skip(".") else { return 0 }
        guard var milliseconds = digit().map({ $0 * 100 }) else { return nil }
        var weight: Int64 = 10
        while let digit = digit() {
            milliseconds += digit * weight
            weight /= 10
        }
        return milliseconds
    }

    /// In seconds.
    mutating func offset() -> Int64? {
        if skip("Z") || skip("z") { return 0 }
        let isWest = skip("-")
        guard isWest || skip("+"), let hour = number(digits: 2), hour < 24, skip(":"), let minute = number(digits: 2), minute < 60 else {
            return nil
        }
        return (hour * 3600 + minute * 60) * (isWest ? -1 : 1)
    }

    private mutating func digit() -> Int64? {
        guard let byte = rest.first, byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return nil }
        rest.removeFirst()
        return Int64(byte - UInt8(ascii: "0"))
    }
}
