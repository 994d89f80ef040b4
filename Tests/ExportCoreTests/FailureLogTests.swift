import Foundation
import Testing

@testable import ExportCore

@Suite("The last failures of a provider") struct FailureLogTests {
    private static let minute: Int64 = 60_000

    @Test("are told by code: how many, since when, and the last in words") func counts() throws {
        var log = FailureLog()
        log.failed("http-403", "first", now: 1000)
        log.failed("http-403", "second", times: 3, now: 2000)
        log.failed("connect", "refused", now: 3000)
        let current = log.current(now: 4000)
        #expect(current.map(\.code) == ["connect", "http-403"])
        #expect(current.last?.entry == FailureLog.Entry(message: "second", times: 4, since: 1000, at: 2000))
        #expect(log.isUnbroken)
    }

    @Test("are over when the work succeeds and none has come for a minute") func over() {
        var log = FailureLog()
        log.failed("http-403", "no", now: 1000)
        log.worked(now: 2000)
        #expect(!log.isUnbroken)
        #expect(log.current(now: 2000).count == 1, "some succeed, others fail")
        #expect(log.current(now: 1001 + Self.minute).isEmpty)
        log.failed("http-403", "no", now: 1001 + Self.minute)
        #expect(log.current(now: 1001 + Self.minute).first?.entry.since == 1001 + Self.minute, "it begins again")
    }

    @Test("are over or not by what was reported last, also within a millisecond") func together() {
        var log = FailureLog()
        log.failed("http-403", "no", now: 1000)
        log.worked(now: 1000)
        #expect(!log.isUnbroken)
        log.failed("http-403", "no", now: 1000)
        #expect(log.isUnbroken)
    }

    @Test("last for an hour while nothing succeeds") func forgotten() {
        var log = FailureLog()
        log.failed("http-403", "no", now: 1000)
        #expect(log.current(now: 1000 + 60 * Self.minute).count == 1)
        #expect(log.current(now: 1001 + 60 * Self.minute).isEmpty)
    }

    @Test("are few, and short") func bounded() {
        var log = FailureLog()
        for index in 0..<20 { log.failed("code-\(index)", String(repeating: "x", count: 5000), now: Int64(index)) }
        #expect(log.entries.count == 5 && log.last?.code == "code-19")
        #expect(log.entries.values.allSatisfy { $0.message.count == 300 })
    }

    @Test("make a success worth storing only while there are some, and every few seconds") func successes() {
        var health = ProviderHealth()
        health.worked(.files, now: 1000)
        #expect(health == ProviderHealth())
        health.failed(.files, "http-403", "no", now: 1000)
        health.worked(.files, now: 2000)
        let known = health
        health.worked(.files, now: 3000)
        #expect(health == known)
        health.worked(.files, now: 8000)
        #expect(health.failures(of: .files)?.workedAt == 8000)
        #expect(health.failures(of: .requests) == nil)
        health.worked(.files, now: 2 * 60 * Self.minute)
        #expect(health == ProviderHealth(), "nothing is left of what is forgotten")
    }

    @Test("are read from a value of an older version, and end when an operator resumes the provider") func stored() throws {
        var health = ProviderHealth()
        let old = try JSONEncoder().encode(health)
        health.failed(.requests, "connect", "refused", now: 1000)
        let new = try JSONDecoder().decode(ProviderHealth.self, from: JSONEncoder().encode(health))
        #expect(new == health)
        #expect(try JSONDecoder().decode(ProviderHealth.self, from: old).failures(of: .requests) == nil)
        health.resume(now: 2000)
        #expect(health.failures(of: .requests) == nil)
    }
}
