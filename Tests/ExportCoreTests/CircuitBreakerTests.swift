import ExportCore
import Foundation
import Testing

private let policy = BreakerPolicy(
    window: .seconds(10), minimumRequests: 10, failureRatio: 0.5, slowRatio: 0.8, openFor: .seconds(4), longestOpen: .seconds(10), probes: 2
)

@Suite("The circuit breaker") struct CircuitBreakerTests {
    private func opened() -> CircuitBreaker {
        var breaker = CircuitBreaker()
        breaker.record(RequestTally(requests: 10, failures: 5), policy: policy, now: 1000)
        return breaker
    }

    @Test("opens when the share of failures is reached, and not before there are enough requests") func failureRatio() {
        var breaker = CircuitBreaker()
        breaker.record(RequestTally(requests: 9, failures: 9), policy: policy, now: 1000)
        #expect(breaker.state == .closed)
        breaker.record(RequestTally(requests: 1), policy: policy, now: 1000)
        #expect(breaker.state == .open)
        #expect(breaker.openUntil == 5000)
        #expect(breaker.reason == "9 of 10 requests failed")
    }

    @Test("stays closed under the share of failures") func belowRatio() {
        var breaker = CircuitBreaker()
        for second in 0..<100 {
            breaker.record(RequestTally(requests: 100, failures: 49, slow: 79), policy: policy, now: Int64(second) * 1000)
        }
        #expect(breaker.state == .closed)
    }

    @Test("opens by slowness") func slowness() {
        var breaker = CircuitBreaker()
        breaker.record(RequestTally(requests: 10, slow: 8), policy: policy, now: 1000)
        #expect(breaker.state == .open)
    }

    @Test("forgets what is older than the window") func window() {
        var breaker = CircuitBreaker()
        breaker.record(RequestTally(requests: 9, failures: 9), policy: policy, now: 0)
        breaker.record(RequestTally(requests: 1), policy: policy, now: 11_000)
        #expect(breaker.state == .closed)
        #expect(breaker.tally.requests == 1)
    }

    @Test("lets one probe at a time through when its time is over, and closes after enough of them") func probes() {
        var breaker = opened()
        let early = breaker.beginProbe(by: "a", timeout: .seconds(5), now: 4999)
        #expect(!early)
        let first = breaker.beginProbe(by: "a", timeout: .seconds(5), now: 5000)
        let second = breaker.beginProbe(by: "b", timeout: .seconds(5), now: 5000)
        #expect(first && !second)
        #expect(breaker.state == .halfOpen)
        breaker.endProbe(by: "b", succeeded: true, policy: policy, now: 5100)
        breaker.endProbe(by: "a", succeeded: true, policy: policy, now: 5100)
        #expect(breaker.state == .halfOpen)
        let next = breaker.beginProbe(by: "b", timeout: .seconds(5), now: 5200)
        #expect(next)
        breaker.endProbe(by: "b", succeeded: true, policy: policy, now: 5300)
        #expect(breaker.state == .closed)
        #expect(breaker.openings == 0)
    }

    @Test("opens again when a probe fails, for twice as long each time, up to the longest") func reopening() {
        var breaker = opened()
        for (start, until) in [(5000, 13_000), (13_000, 23_000), (23_000, 33_000)] as [(Int64, Int64)] {
            let begun = breaker.beginProbe(by: "a", timeout: .seconds(5), now: start)
            #expect(begun)
            breaker.endProbe(by: "a", succeeded: false, policy: policy, now: start)
            #expect(breaker.openUntil == until)
        }
    }

    @Test("gives the probe to another when its holder died, or had nothing to send") func lostProbe() {
        var breaker = opened()
        _ = breaker.beginProbe(by: "a", timeout: .seconds(5), now: 5000)
        let afterDeath = breaker.beginProbe(by: "b", timeout: .seconds(5), now: 10_000)
        #expect(afterDeath)
        breaker.endProbe(by: "a", succeeded: false, policy: policy, now: 10_001)
        #expect(breaker.state == .halfOpen, "the one who came too late changes nothing")
        breaker.withdrawProbe(by: "b")
        let afterWithdrawal = breaker.beginProbe(by: "c", timeout: .seconds(5), now: 10_002)
        #expect(afterWithdrawal)
    }

    @Test("is not changed by what was on its way when it opened") func stragglers() {
        var breaker = opened()
        let before = breaker
        breaker.record(RequestTally(requests: 100, failures: 100), policy: policy, now: 2000)
        #expect(breaker == before)
    }
}

@Suite("A provider's health") struct ProviderHealthTests {
    @Test("pauses the kind of request that was refused, and no other, until the later end") func pauses() {
        var health = ProviderHealth()
        health.pause(.create, for: .seconds(10), now: 1000)
        health.pause(.create, for: .seconds(5), now: 2000)
        #expect(health.wait(.create, now: 2000) == .seconds(9))
        #expect(health.wait(.check, now: 2000) == .zero)
        #expect(health.wait(.create, now: 11_000) == .zero)
    }

    @Test("holds nothing for longer than a day, whatever instants stand in the store", arguments: [Int64.max, .min])
    func impossibleInstants(instant: Int64) throws {
        let json =
            #"{"breaker":{"state":"closed","changedAt":0,"openUntil":0,"openings":0,"reason":"","slices":[],"probesPassed":0},"pausedUntil":{"check":\#(instant)}}"#
        let health = try JSONDecoder().decode(ProviderHealth.self, from: Data(json.utf8))
        #expect(health.wait(.check, now: 1_795_000_000_000) == (instant > 0 ? .seconds(86_400) : .zero))
    }

    @Test("holds everything back while the breaker is open") func open() {
        var health = ProviderHealth()
        health.breaker.record(RequestTally(requests: 10, failures: 10), policy: policy, now: 0)
        for kind in RequestKind.control { #expect(health.wait(kind, now: 1000) == .seconds(3)) }
    }
}
