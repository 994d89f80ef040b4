import Glibc

/// A moment of the calendar, broken into fields, to the millisecond.
struct WallClock {
    private var fields = tm()
    private var milliseconds = 0

    static func utc() -> WallClock { utc(now()) }

    static func utc(_ time: timespec) -> WallClock {
        var seconds = time.tv_sec
        var clock = WallClock()
        gmtime_r(&seconds, &clock.fields)
        clock.milliseconds = time.tv_nsec / 1_000_000
        return clock
    }

    static func local() -> WallClock {
        let time = now()
        var seconds = time.tv_sec
        var clock = WallClock()
        localtime_r(&seconds, &clock.fields)
        clock.milliseconds = time.tv_nsec / 1_000_000
        return clock
    }

    /// RFC 3339 in UTC: `2026-01-31T23:59:58.123Z`.
    func appendDateTime(to line: inout [UInt8]) {
        append(Int(fields.tm_year) + 1900, digits: 4, to: &line)
        line.append(UInt8(ascii: "-"))
        append(Int(fields.tm_mon) + 1, digits: 2, to: &line)
        line.append(UInt8(ascii: "-"))
        append(Int(fields.tm_mday), digits: 2, to: &line)
        line.append(UInt8(ascii: "T"))
        appendTime(to: &line)
        line.append(UInt8(ascii: "Z"))
    }

    /// `23:59:58.123`
    func appendTime(to line: inout [UInt8]) {
        append(Int(fields.tm_hour), digits: 2, to: &line)
        line.append(UInt8(ascii: ":"))
        append(Int(fields.tm_min), digits: 2, to: &line)
        line.append(UInt8(ascii: ":"))
        append(Int(fields.tm_sec), digits: 2, to: &line)
        line.append(UInt8(ascii: "."))
        append(milliseconds, digits: 3, to: &line)
    }

    private static func now() -> timespec {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return time
    }

    private func append(_ value: Int, digits: Int, to line: inout [UInt8]) {
        var power = 1
        for _ in 1..<digits { power *= 10 }
        while power > 0 {
            line.append(UInt8(ascii: "0") + UInt8(value / power % 10))
            power /= 10
        }
    }
}
