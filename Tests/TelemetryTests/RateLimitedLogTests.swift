import Logging
import Testing

@testable import Telemetry

@Suite("Rate-limited log")
struct RateLimitedLogTests {
    private let start = ContinuousClock.now

    @Test("a key passes once per interval, and then reports how many lines were suppressed")
    func interval() {
        var limit = RepetitionLimit(interval: .seconds(10), maximumKeys: 10)
        #expect(limit.admit("a", at: start) == .pass(heldBack: 0))
        #expect(limit.admit("a", at: start + .seconds(1)) == .hold)
        #expect(limit.admit("a", at: start + .seconds(9.999)) == .hold)
        #expect(limit.admit("b", at: start + .seconds(2)) == .pass(heldBack: 0))
        #expect(limit.admit("a", at: start + .seconds(10)) == .pass(heldBack: 2))
        #expect(limit.admit("a", at: start + .seconds(30)) == .pass(heldBack: 0))
    }

    @Test("keys beyond the maximum share one entry until others have expired")
    func bounded() {
        var limit = RepetitionLimit(interval: .seconds(10), maximumKeys: 2)
        #expect(limit.admit("a", at: start) == .pass(heldBack: 0))
        #expect(limit.admit("b", at: start) == .pass(heldBack: 0))
        #expect(limit.admit("c", at: start) == .pass(heldBack: 0))
        #expect(limit.admit("d", at: start) == .hold)
        #expect(limit.admit("e", at: start + .seconds(11)) == .pass(heldBack: 0))
        #expect(limit.admit("e", at: start + .seconds(12)) == .hold)
    }

    @Test("of a thousand equal messages one is written, and suppressed ones are not even formatted")
    func writing() throws {
        var made = 0
        let lines = try jsonLines { logger in
            let log = RateLimitedLog(logger, interval: .seconds(3600))
            for _ in 0..<1000 {
                log.warning(key: "redis-down", "\({ made += 1; return "redis is down" }())", metadata: ["host": "h"])
            }
        }
        #expect(lines.count == 1)
        #expect(made == 1)
        #expect(lines[0]["message"] as? String == "redis is down")
        #expect(lines[0]["heldBack"] == nil)
    }

    @Test("a line reports how many were suppressed since the previous one")
    func heldBack() throws {
        var calls = 0
        let lines = try jsonLines { logger in
            let log = RateLimitedLog(logger, interval: .milliseconds(5))
            let end = ContinuousClock.now + .milliseconds(50)
            while ContinuousClock.now < end || calls < 1000 {
                log.error(key: "k", "again")
                calls += 1
            }
        }
        let heldBack = lines.map { $0["heldBack"] as? Int ?? 0 }
        let sum = heldBack.reduce(0, +)
        #expect(lines.count > 1 && heldBack[0] == 0 && sum > 0)
        #expect(lines.count + sum <= calls)
    }
}
