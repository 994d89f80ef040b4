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

@Suite("A budget of requests", .needsServers) struct BudgetTests {
    private static let shared = RequestBudget(account: "account", rate: Rate(perSecond: 1, burst: 10), weights: RequestWeights())

    @Test("is one for all providers that name it, and another for each that does not") func sharing() async throws {
        try await TestStore.run { test in
            let own = RequestBudget(account: nil, rate: Self.shared.rate, weights: RequestWeights())
            var granted: [Int] = []
            for (number, budget, provider) in [
                (6, Self.shared, "acme"), (6, Self.shared, "other"), (10, own, "acme"), (10, own, "other"),
            ] {
                granted.append(try await test.store.draw(number, weight: 1, from: budget, of: provider, queues: true).granted)
            }
            #expect(granted == [6, 4, 10, 10])
        }
    }

    @Test("is drawn from by weight, and what is given back is free again") func weights() async throws {
        try await TestStore.run { test in
            let draw = { (number: Int) async throws -> Permits in
                try await test.store.draw(number, weight: 3, from: Self.shared, of: "acme", queues: false)
            }
            let first = try await draw(5)
            #expect(first.granted == 3, "nine of ten")
            #expect(first.first > .seconds(1) && first.first <= .seconds(2), "\(first.first)")
            #expect(try await draw(1).granted == 0)
            try await test.store.giveBack(6, to: Self.shared, of: "acme")
            #expect(try await draw(5).granted == 2)
        }
    }

    @Test("tells those that get nothing to come one after the other, by their weight") func queue() async throws {
        try await TestStore.run { test in
            let permits = try await test.store.draw(7, weight: 5, from: Self.shared, of: "acme", queues: true)
            #expect(permits.granted == 2)
            #expect(permits.interval == .seconds(5))
            #expect(permits.first > .seconds(4) && permits.first <= .seconds(5))
            let next = try await test.store.draw(1, weight: 1, from: Self.shared, of: "acme", queues: true)
            #expect(next.first > .seconds(25), "behind the five that wait")
        }
    }

    @Test("goes to those that were denied before those that wait elsewhere, who keep their turn behind them") func fairness() async throws {
        try await TestStore.run { test in
            let budget = RequestBudget(account: "account", rate: Rate(perSecond: 0.1, burst: 1), weights: RequestWeights())
            let draw = { (number: Int, queues: Bool) async throws -> Permits in
                try await test.store.draw(number, weight: 1, from: budget, of: "acme", queues: queues)
            }
            let starter = try await draw(100, false)
            #expect(starter.granted == 1)
            let checks = try await draw(3, true)
            #expect(checks.granted == 0 && checks.first <= .seconds(10))
            let behind = try await draw(100, false)
            #expect(behind.granted == 0 && behind.first > .seconds(38) && behind.first <= .seconds(40), "behind the three: \(behind)")
            let again = try await draw(100, false)
            #expect(again.granted == 0 && again.first <= behind.first, "it keeps its turn: \(again)")
            let later = try await draw(1, true)
            #expect(later.first > .seconds(48), "and others come after it: \(later)")
        }
    }

    @Test("has one burst for all that share it, or heavy requests would leave light ones nothing") func burst() async throws {
        try await TestStore.run { test in
            let light = RequestBudget(account: "account", rate: Rate(perSecond: 1, burst: 1), weights: RequestWeights())
            let heavy = try await test.store.draw(1, weight: 4, from: Self.shared, of: "acme", queues: true)
            let others = try await test.store.draw(9, weight: 1, from: light, of: "other", queues: true)
            #expect(heavy.granted == 1 && others.granted == 6, "of ten")
        }
    }

    @Test("goes on at a changed rate at once") func changedRate() async throws {
        try await TestStore.run { test in
            let slow = RequestBudget(account: "account", rate: Rate(perSecond: 0.001, burst: 10), weights: RequestWeights())
            let all = try await test.store.draw(10, weight: 1, from: slow, of: "acme", queues: false)
            #expect(all.granted == 10)
            let quick = RequestBudget(account: "account", rate: Rate(perSecond: 100, burst: 10), weights: RequestWeights())
            try await eventually(within: .seconds(10), "a permit at the new rate") {
                try await test.store.draw(1, weight: 1, from: quick, of: "acme", queues: false).granted == 1
            }
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
