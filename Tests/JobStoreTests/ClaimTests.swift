import ExportCore
import JobStore
import TestServers
import Testing

@Suite("The due set") struct ClaimTests {
    @Test("moves a timer that fires forward by the lease, and tells the wake everything") func wake() async throws {
        try await TestStore.run { test in
            let (id, version) = try await test.polling("a")
            let wake = try await eventually(within: .seconds(10), "the timer fires") { try await test.wakes().first }
            #expect(wake.id == id)
            #expect(wake.version == version, "a planned check is claimed by its timer alone")
            #expect(wake.provider == "acme")
            #expect(wake.state.status == .polling)
            #expect(wake.state.claims == 1)
            #expect(wake.exportHandle == #"{"id":"e1"}"#)
            #expect(wake.parameters == #"{"report":"orders"}"#)
            #expect(wake.correlationID == "c-a")
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
            let claimed = try await withThrowingTaskGroup(of: [Wake].self) { group in
                for _ in 0..<2 {
                    group.addTask {
                        var wakes: [Wake] = []
                        while true {
                            let claimed = try await test.store.claim(
                                partition: 0, limit: 10, lease: TestStore.lease, watchdog: TestStore.watchdog)
                            wakes += claimed.messages.flatMap { Wake.decode($0).wakes }
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
                try await test.store.outlook(on: [0])[0]?.untilNext.map { $0 <= .zero } == true
            }
            var sizes: [Int] = []
            try await eventually(within: .seconds(10), "all are claimed") {
                let claimed = try await test.store.claim(
                    partition: 0, lease: TestStore.lease, watchdog: TestStore.watchdog, wakesPerMessage: 5)
                sizes += claimed.messages.map { Wake.decode($0).wakes.count }
                #expect(claimed.messages.map(Wake.count) == claimed.messages.map { Wake.decode($0).wakes.count })
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

    @Test(
        "ignores wakes with numbers that nothing of ours would write", arguments: [1, 2, 3, 4, 5, 9, 10, 11, 12, 13, 15],
        ["9223372036854775807", "9999999999999999999", "-1", "+1", ""])
    func hugeNumbers(field: Int, number: String) {
        var fields = [
            "a", "1", "4", "1", "2", "3", "1795853057006", "0", "POLLING", "5", "6", "7", "8", "9", "0", "10", "{}", "p", "t", "c", "{}",
        ]
        #expect(Wake.decode(Array(fields.joined(separator: "\t").utf8)).wakes.count == 1)
        fields[field] = number
        #expect(Wake.decode(Array(fields.joined(separator: "\t").utf8)).malformed == 1)
    }

    @Test("ignores lines that are no wakes") func malformed() {
        let lines =
            "nonsense\n\na\t1\tx\t0\t0\t0\t0\t0\tPOLLING\t0\t0\t0\t0\t0\t0\t0\t{}\tp\tt\tc\t{}"
            + "\na\t1\t4\t1\t2\t3\t0\t0\tPOLLING\t5\t6\t7\t8\t9\t1\t10\t{}\tp\tt\t\t{\"a\":\"\t\"}"
        let (wakes, malformed) = Wake.decode(Array(lines.utf8))
        #expect(wakes.count == 1)
        #expect(wakes.first?.state.filesTotal == 5)
        #expect(wakes.first?.isCancelRequested == true)
        #expect(wakes.first?.correlationID == "a")
        #expect(wakes.first?.parameters == "{\"a\":\"\t\"}")
        #expect(malformed == 2)
    }
}
