@testable import HTTPClient
import Testing

@Suite("Retry-After")
struct RetryAfterTests {
    /// Sun, 06 Nov 1994 08:49:37 GMT, the example of RFC 9110.
    static let example: Int64 = 784_111_777

    @Test(
        "seconds and the three date formats are read",
        arguments: [
            ("0", 0), ("120", 120), ("Sun, 06 Nov 1994 08:49:37 GMT", 37), ("Sunday, 06-Nov-94 08:49:37 GMT", 37),
            ("Sun Nov  6 08:49:37 1994", 37), ("2.5", 3), ("2.0", 2), ("0.01", 1), ("2, 2", 2), ("7,Sun, 06 Nov 1994 08:49:37 GMT", 7),
            (" 5 ", 5),
            ("2.", 2), ("Sun, 06 Nov 1994 08:48:00 GMT", 0), ("Tue, 29 Feb 2000 00:00:00 GMT", 167_670_623 + 37),
        ])
    func valid(value: String, seconds: Int) {
        #expect(RetryAfter.delay(value, now: Self.example - 37) == .seconds(seconds))
    }

    @Test(
        "other text gives nothing",
        arguments: [
            "", " ", "-1", "-2.5", "+3", ".5", "1.5.2", "1e3", "nan", "inf", ", 5", "soon", "12s", "Sun, 06 Nov 1994 08:49:37",
            "Sun, 06 Nov 1994 25:00:00 GMT",
            "Sun, 32 Nov 1994 08:49:37 GMT",
            "Sun, 06 Foo 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49 GMT", "Sun, 06 Nov 199 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 PST",
        ])
    func invalid(value: String) {
        #expect(RetryAfter.delay(value, now: Self.example) == nil)
    }

    @Test("absurdly long waits are limited")
    func bounded() {
        let century = Duration.seconds(100 * 366 * 86_400)
        #expect(RetryAfter.delay("99999999999999999999999999", now: 0) == century)
        #expect(RetryAfter.delay("Fri, 31 Dec 9999 23:59:59 GMT", now: 0) == century)
    }

    @Test("a two-digit year means the nearest past if it would be over 50 years ahead")
    func century() {
        let now = Int64(1_750_000_000)  // 2025
        #expect(HTTPDate.seconds("Sunday, 06-Nov-94 08:49:37 GMT", now: now) == Self.example)
        #expect(HTTPDate.seconds("Saturday, 01-Jan-50 00:00:00 GMT", now: now) == 2_524_608_000)
    }

    @Test("the field is found in the headers")
    func header() {
        #expect(HTTPHeaders([("Retry-After", "7")]).retryAfter(now: 0) == .seconds(7))
        #expect(HTTPHeaders().retryAfter(now: 0) == nil)
    }

    @Test("the fields of rate limits are found by their names, in any case")
    func rateLimitFields() {
        let names = ["RateLimit", "ratelimit-policy", "X-RATELIMIT-Reset", "X-Rate-Limit-Limit", "Rate-Limit-Reset"]
        let others = ["Rate", "X-Rate", "X-Request-Id", "Retry-After", "R", "X", "X-R", "Rated-Limit-A", "Y-RateLimit-Reset"]
        let fields = HTTPHeaders((others + names).map { ($0, "1") }).rateLimitFields
        #expect(fields.map(\.name) == names.map { $0.lowercased() } && fields.allSatisfy { $0.value == "1" })
    }
}
