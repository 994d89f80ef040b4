import Encoding
import Foundation
import Testing

@Suite("A time in UTC")
struct UTCTimeTests {
    @Test(
        "has a timestamp that is right around leap days and centuries",
        arguments: [
            (0, "1970-01-01T00:00:00.000Z"), (951_782_400_000, "2000-02-29T00:00:00.000Z"), (951_868_799_999, "2000-02-29T23:59:59.999Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00.000Z"), (-1, "1969-12-31T23:59:59.999Z"),
            (1_798_761_600_001, "2027-01-01T00:00:00.001Z"), (-62_167_219_200_000, "0000-01-01T00:00:00.000Z"),
        ])
    func timestamps(milliseconds: Int64, expected: String) {
        #expect(UTCTime(milliseconds: milliseconds).timestamp == expected)
        #expect(UTCTime(expected)?.milliseconds == milliseconds)
    }

    @Test("has the forms of keys, events, people and signatures")
    func forms() {
        let time = UTCTime(milliseconds: 1_369_353_601_999)
        #expect(time.date == "2013-05-24")
        #expect(time.timestampInSeconds == "2013-05-24T00:00:01Z")
        #expect(time.dateAndTime == "2013-05-24 00:00:01")
        #expect(time.basicDate == "20130524")
        #expect(time.basicTimestamp == "20130524T000001Z")
        #expect(time.seconds == 1_369_353_601)
        #expect(UTCTime(seconds: 1_369_353_601).timestamp == "2013-05-24T00:00:01.000Z")
    }

    @Test("survives the ends of its range", arguments: [Int64.min, .max])
    func extremes(number: Int64) {
        #expect(!UTCTime(milliseconds: number).timestamp.isEmpty)
        #expect(UTCTime(seconds: number) == UTCTime(milliseconds: number))
    }

    @Test(
        "is read with any fraction and offset",
        arguments: [
            ("1970-01-01T00:00:01Z", 1000), ("1970-01-01t00:00:01z", 1000), ("1970-01-01T00:00:01.5Z", 1500),
            ("1970-01-01T00:00:01.123456789Z", 1123), ("1970-01-01T02:00:00+02:00", 0), ("1969-12-31T18:30:00.001-05:30", 1),
            ("2016-12-31T23:59:60Z", 1_483_228_800_000),
        ])
    func reading(text: String, milliseconds: Int64) { #expect(UTCTime(text)?.milliseconds == milliseconds) }

    @Test(
        "is nothing else",
        arguments: [
            "", "Z", "2013-05-24", "2013-05-24T00:00Z", "2013-05-24T00:00:00", "2013-05-24T00:00:00.Z", "2013-05-24 00:00:00Z",
            "2013-02-29T00:00:00Z", "2013-13-01T00:00:00Z", "2013-00-01T00:00:00Z", "2013-01-00T00:00:00Z", "2013-04-31T00:00:00Z",
            "2013-05-24T24:00:00Z", "2013-05-24T00:60:00Z", "2013-05-24T00:00:61Z", "2013-05-24T00:00:00+0200", "2013-05-24T00:00:00Zx",
            "-2147483648-01-01T00:00:00Z", "99999999999-01-01T00:00:00Z", "+013-05-24T00:00:00Z",
        ])
    func refused(text: String) { #expect(UTCTime(text) == nil) }

    @Test("is written as Foundation writes it, and read back", arguments: 0..<200)
    func roundTrip(seed: UInt64) throws {
        var generator = SplitMix64(state: seed)
        let milliseconds = Int64.random(in: -62_000_000_000_000...253_402_300_799_999, using: &generator)
        let time = UTCTime(milliseconds: milliseconds)
        #expect(UTCTime(time.timestamp) == time)
        #expect(UTCTime(time.timestampInSeconds)?.seconds == time.seconds)
        // The proleptic Gregorian calendar and Foundation's differ before 1582.
        guard time.seconds > -12_000_000_000 else { return }
        #expect(time.timestampInSeconds == Date(timeIntervalSince1970: Double(time.seconds)).formatted(.iso8601))
    }

    @Test("has days that follow each other, and every day is its own")
    func days() {
        var previous = CivilDate(days: -800_001)
        for days in Int64(-800_000)...800_000 {
            let date = CivilDate(days: days)
            let isNext =
                date.year == previous.year && date.month == previous.month && date.day == previous.day + 1
                || date.day == 1 && (date.month == previous.month + 1 || date.month == 1 && date.year == previous.year + 1)
            guard isNext, date.days == days else {
                Issue.record("\(date) after \(previous)")
                return
            }
            previous = date
        }
    }
}
