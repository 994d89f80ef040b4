import Encoding
import Glibc

extension UTCTime {
    /// The system's clock.
    static var now: UTCTime {
        let time = systemTime()
        return UTCTime(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
    }

    /// The system's clock, shifted to local time: its date and time of day are those that a clock on the wall shows.
    static var localNow: UTCTime {
        let time = systemTime()
        var (seconds, fields) = (time.tv_sec, tm())
        localtime_r(&seconds, &fields)
        return UTCTime(milliseconds: Int64(time.tv_sec + fields.tm_gmtoff) * 1000 + Int64(time.tv_nsec) / 1_000_000)
    }

    private static func systemTime() -> timespec {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return time
    }
}
