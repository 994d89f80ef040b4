import ExportCore
import JobStore
import TestServers
import Testing

@Suite("Permits of a rate", .needsServers) struct PermitTests {
    @Test("are granted up to the burst; the others are told to come one after the other") func spreading() async throws {
        try await TestStore.run { test in
            let rate = Rate(perSecond: 1, burst: 5)
            let first = try await test.store.checkPermits(8, provider: "acme", rate: rate)
            #expect(first.granted == 5)
            #expect(first.interval == .seconds(1))
            #expect(first.first > .zero && first.first <= .seconds(1))
            let second = try await test.store.checkPermits(3, provider: "acme", rate: rate)
            #expect(second.granted == 0)
            #expect(second.first > .milliseconds(2500), "after the three that wait already")
            #expect(try await test.store.checkPermits(1, provider: "other", rate: rate).granted == 1)
        }
    }
}

@Suite("A provider's health in the store", .needsServers) struct HealthTests {
    @Test("is replaced only by who has read it last") func compareAndSet() async throws {
        try await TestStore.run { test in
            let empty = try await test.store.health(of: "acme")
            #expect(empty.health == ProviderHealth())
            var health = empty.health
            health.pause(.check, for: .seconds(60), now: empty.now)
            #expect(try await test.store.setHealth(health, of: "acme", read: empty.version))
            #expect(try await !test.store.setHealth(ProviderHealth(), of: "acme", read: empty.version))
            let stored = try await test.store.health(of: "acme")
            #expect(stored.health == health)
            #expect(try await test.store.setHealth(ProviderHealth(), of: "acme", read: stored.version))
        }
    }
}
