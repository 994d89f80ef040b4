import ExportCore
import Foundation
import Testing

private let retry = RetryPolicy(base: .seconds(2), cap: .seconds(60))

@Suite("A provider that throttles") struct ThrottlingTests {
    private static func answered(_ health: inout ProviderHealth, at now: Int64, wait: Duration? = nil, random: Double = 1) {
        health.throttled(.check, wait: wait, reason: "429", policy: retry, random: random, now: now)
    }

    @Test("is paused for longer with each answer in a row, up to the cap") func growth() {
        var health = ProviderHealth(), now: Int64 = 1000, pauses: [Duration] = []
        for _ in 0..<8 {
            Self.answered(&health, at: now)
            pauses.append(health.wait(.check, now: now))
            now += Int64(pauses[pauses.count - 1] / .milliseconds(1))
        }
        #expect(pauses == [2, 4, 8, 16, 32, 60, 60, 60].map { .seconds($0) })
        #expect(health.slow(.check)?.answers == 8)
        #expect(health.slow(.check)?.since == 1000)
    }

    @Test("counts the answers to requests that were under way together once") func burst() {
        var health = ProviderHealth()
        for _ in 0..<64 { Self.answered(&health, at: 1000) }
        #expect(health.slow(.check)?.answers == 1)
        #expect(health.wait(.check, now: 1000) == .seconds(2))
        Self.answered(&health, at: 1000, wait: .seconds(30))
        #expect(health.wait(.check, now: 1000) == .seconds(30), "a time that one of them names is kept")
    }

    @Test("is never asked before the time that it names") func named() {
        var health = ProviderHealth()
        Self.answered(&health, at: 1000, wait: .seconds(30), random: 0)
        #expect(health.wait(.check, now: 1000) == .seconds(30))
    }

    @Test("goes slow until an answer is not throttled") func recovery() {
        var health = ProviderHealth()
        Self.answered(&health, at: 1000)
        #expect(health.slow(.check) != nil, "one request at a time")
        #expect(health.slow(.create) == nil, "of this kind only")
        health.recovered(.check)
        #expect(health.slow(.check) == nil)
        Self.answered(&health, at: 100_000)
        #expect(health.slow(.check)?.answers == 1, "it begins again")
    }

    @Test("is spared before it throttles: the rest of its budget is spread over the rest of the time") func budget() {
        var health = ProviderHealth()
        health.budget(.check, remaining: 4, reset: .seconds(50), now: 1000)
        #expect(health.wait(.check, now: 1000) == .seconds(10))
        #expect(health.slow(.check)?.answers == 0)
        var empty = ProviderHealth()
        empty.budget(.check, remaining: 0, reset: .seconds(50), now: 1000)
        #expect(empty.wait(.check, now: 1000) == .seconds(50))
    }

    @Test("is not throttled any more once its answers only tell a low budget") func throttledThenLow() {
        var health = ProviderHealth()
        Self.answered(&health, at: 1000)
        health.budget(.check, remaining: 0, reset: .seconds(1), now: 5000)
        #expect(health.slow(.check)?.answers == 0)
        #expect(health.obstacle(.check, now: 5500) == .paused)
    }

    @Test("forgets hosts whose pauses are over, so that the record stays small") func manyHosts() throws {
        var health = ProviderHealth()
        for number in 0..<500 {
            health.throttled(
                .download(host: "bucket-\(number).example"), wait: nil, reason: "429", policy: retry, random: 0, now: Int64(number) * 1000)
        }
        #expect(try JSONEncoder().encode(health).count < 10_000)
        #expect(health.slow(.download(host: "bucket-499.example")) != nil)
    }

    @Test("pauses the downloads of one host apart from those of another, and from a breaker") func hosts() {
        var health = ProviderHealth()
        health.throttled(.download(host: "a.example"), wait: .seconds(9), reason: "429", policy: retry, random: 0, now: 1000)
        health.breaker.hold(code: "http-401", message: "no", policy: BreakerPolicy(), now: 1000)
        #expect(health.wait(.download(host: "a.example"), now: 1000) == .seconds(9))
        #expect(health.wait(.download(host: "b.example"), now: 1000) == .zero)
        #expect(health.wait(.list, now: 1000) == .seconds(60))
    }

    @Test("is asked again at once when an operator says so") func resume() {
        var health = ProviderHealth()
        health.throttled(.check, wait: .seconds(3600), reason: "429", policy: retry, random: 0, now: 1000)
        health.breaker.hold(code: "http-401", message: "no", policy: BreakerPolicy(), now: 1000)
        health.resume(now: 2000)
        for kind in RequestKind.control { #expect(health.wait(kind, now: 2000) == .zero) }
        #expect(health.slow(.check) == nil && health.breaker.hold == nil && health.breaker.state == .closed)
    }
}

@Suite("A provider that is held") struct HoldTests {
    private let policy = BreakerPolicy(openFor: .seconds(1), longestOpen: .seconds(300), probes: 3)

    private static func held() -> CircuitBreaker {
        var breaker = CircuitBreaker()
        breaker.hold(code: "http-401", message: "GET /me answered 401", policy: BreakerPolicy(), now: 1000)
        return breaker
    }

    @Test("is probed once a minute, however often that fails") func probes() {
        var breaker = Self.held(), now: Int64 = 1000
        for _ in 0..<5 {
            let early = breaker.beginProbe(by: "a", timeout: .seconds(5), now: now + 59_999)
            #expect(!early)
            now += 60_000
            let begun = breaker.beginProbe(by: "a", timeout: .seconds(5), now: now)
            #expect(begun)
            let second = breaker.beginProbe(by: "b", timeout: .seconds(5), now: now)
            #expect(!second, "by one process at a time")
            breaker.endProbe(by: "a", succeeded: false, policy: policy, now: now)
            #expect(breaker.state == .open)
        }
        #expect(breaker.hold?.since == 1000)
    }

    @Test("is open again after one probe that succeeds") func release() {
        var breaker = Self.held()
        let begun = breaker.beginProbe(by: "a", timeout: .seconds(5), now: 61_000)
        #expect(begun)
        breaker.endProbe(by: "a", succeeded: true, policy: policy, now: 61_010)
        #expect(breaker.state == .closed)
        #expect(breaker.hold == nil)
    }

    @Test("says why") func reason() {
        var health = ProviderHealth()
        health.breaker = Self.held()
        #expect(health.obstacle(.create, now: 2000)?.description == "the provider is held: GET /me answered 401")
    }
}
