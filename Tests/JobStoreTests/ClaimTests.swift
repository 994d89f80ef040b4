import ExportCore
import JobStore
import TestServers
import Testing

@Suite("The due set", .needsServers) struct ClaimTests {
    @Test("moves a timer that fires forward by the lease, and tells the wake everything") func wake() async throws {
        try await TestStore.run { test in
            let job = try await test.polling("a")
            let wake = try await eventually(within: .seconds(10), "the timer fires") { try await test.wakes().first }
            #expect(wake.id == job.id)
            #expect(wake.version == job.version, "a planned check is claimed by its timer alone")
            #expect(wake.request.provider == "acme")
            #expect(wake.state.status == .polling)
            #expect(wake.state.claims == 1)
            #expect(wake.exportHandle == #"{"id":"e1"}"#)
            #expect(wake.request.parameters == #"{"report":"orders"}"#)
            #expect(wake.request.correlationID == "c-a")
            #expect(try #require(try await test.score("a")) > (try await test.now()) + 20_000)
        }
    }

    @Test("fires no timer early") func early() async throws {
        try await TestStore.run { test in
            _ = try await test.polling("a")
            let due = try #require(try await test.score("a"))
            let claimed = try await eventually(within: .seconds(10), "the timer fires") { () -> (ClaimedTimers, Int64)? in
                let claimed = try await test.claim()
                return claimed.messages.isEmpty ? nil : (claimed, try await test.now())
            }
            #expect(claimed.1 >= due)
            #expect(claimed.0.lateness.allSatisfy { $0 >= 0 })
        }
    }

    @Test("tells when the next timer of each partition is due") func nextDue() async throws {
        try await TestStore.run(partitions: 2) { test in
            #expect(try await test.store.nextDue(on: [0, 1]).isEmpty)
            let id = try await test.admit("a")
            let due = try await test.store.nextDue(on: [0, 1])
            #expect(Array(due.keys) == [id.partition(of: 2)])
            #expect(try #require(due.values.first) > .seconds(50))
            #expect(try await test.store.oldestOverdue() == .zero)
        }
    }

    @Test("fires again when the lease runs out") func leaseExpiry() async throws {
        try await TestStore.run { test in
            _ = try await test.polling("a")
            let first = try await eventually(within: .seconds(10), "the timer fires") {
                try await test.wakes(lease: .milliseconds(50)).first
            }
            let second = try await eventually(within: .seconds(10), "the lease runs out") { try await test.wakes().first }
            #expect(second.version == first.version + 1)
            #expect(second.state.claims == 2)
        }
    }

    @Test("gives each timer to one of two schedulers") func twoSchedulers() async throws {
        try await TestStore.run { test in
            for index in 0..<300 { _ = try await test.polling("job-\(index)") }
            let claimed = try await withThrowingTaskGroup(of: [ClaimedJob].self) { group in
                for _ in 0..<2 {
                    group.addTask {
                        var wakes: [ClaimedJob] = []
                        while true {
                            let claimed = try await test.store.claim(
                                partition: 0, limit: 10, lease: TestStore.lease, watchdog: TestStore.watchdog)
                            wakes += claimed.messages.flatMap { Wake.decode($0).jobs }
                            // Polls come after 100 ms; leases after 30 s.
                            if let next = claimed.untilNext, next < .seconds(5) { continue }
                            return wakes
                        }
                    }
                }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            #expect(claimed.count == 300)
            #expect(Set(claimed.map(\.id)).count == 300)
        }
    }

    @Test("packs wakes of a partition into messages of a bounded number") func batches() async throws {
        try await TestStore.run { test in
            for index in 0..<12 { _ = try await test.polling("job-\(index)") }
            try await eventually(within: .seconds(10), "all are due") {
                try await test.store.nextDue(on: [0])[0].map { $0 <= .zero } == true
            }
            var sizes: [Int] = []
            try await eventually(within: .seconds(10), "all are claimed") {
                let claimed = try await test.store.claim(
                    partition: 0, lease: TestStore.lease, watchdog: TestStore.watchdog, wakesPerMessage: 5)
                sizes += claimed.messages.map { Wake.decode($0).jobs.count }
                #expect(Wake.gather(claimed.messages, limit: 5).map(\.wakes) == claimed.messages.map { Wake.decode($0).jobs.count })
                return sizes.reduce(0, +) == 12
            }
            #expect(sizes.allSatisfy { $0 <= 5 })
        }
    }

    @Test("takes back claims that the broker refused, without counting them") func postpone() async throws {
        try await TestStore.run { test in
            _ = try await test.polling("a")
            let wake = try await eventually(within: .seconds(10), "the timer fires") { try await test.wakes().first }
            try await test.store.postpone([(wake.id, wake.version)], by: .zero)
            let again = try await eventually(within: .seconds(10), "it fires again") { try await test.wakes().first }
            #expect(again.state.claims == 1)
            try await test.store.postpone([(wake.id, wake.version)], by: .zero)
            #expect(try #require(try await test.score("a")) > (try await test.now()) + 20_000, "a stale wake postpones nothing")
        }
    }
}
