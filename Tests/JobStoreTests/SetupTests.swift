import ExportCore
import JobStore
import TestServers
import Testing

@Suite("The layout of a store", .needsServers) struct SetupTests {
    @Test("is fixed by the first setup") func partitions() async throws {
        try await TestStore.run { test in
            await #expect { try await StoreLayout.read(test.redis) } throws: { error in
                "\(error)".contains("run `longhaul setup`")
            }
            try await StoreLayout(partitions: 4).setUp(test.redis)
            try await StoreLayout(partitions: 4).setUp(test.redis)
            #expect(try await StoreLayout.read(test.redis).partitions == 4)
            await #expect { try await StoreLayout(partitions: 8).setUp(test.redis) } throws: { error in
                "\(error)".contains("LONGHAUL_PARTITIONS=4")
            }
        }
    }

    @Test("is refused when its schema is another program's") func schema() async throws {
        try await TestStore.run { test in
            _ = try await test.redis.send(["HSET", "lh:meta", "partitions", "16", "schema", "99"])
            await #expect { try await StoreLayout.read(test.redis) } throws: { "\($0)".contains("schema 99") }
            await #expect { try await StoreLayout().setUp(test.redis) } throws: { "\($0)".contains("another database") }
        }
    }
}

@Suite("Orchestrators", .needsServers) struct MembershipTests {
    @Test("know their place among the living") func places() async throws {
        try await TestStore.run { test in
            let a = Membership(redis: test.redis, name: "a"), b = Membership(redis: test.redis, name: "b")
            #expect(try await a.renew() == (0, 1))
            #expect(try await b.renew() == (1, 2))
            #expect(try await a.renew() == (0, 2))
            try await a.leave()
            #expect(try await b.renew() == (0, 1))
        }
    }

    @Test("are forgotten when they fall silent") func silence() async throws {
        try await TestStore.run { test in
            _ = try await Membership(redis: test.redis, name: "a", timeout: .milliseconds(30)).renew()
            let b = Membership(redis: test.redis, name: "b", timeout: .milliseconds(30))
            try await eventually(within: .seconds(10), "a is forgotten") { try await b.renew().members == 1 }
        }
    }
}

@Suite("Lost work", .needsServers) struct LossesTests {
    @Test("is counted by kind, and forgotten after a quarter of an hour") func counted() async throws {
        try await TestStore.run { test in
            #expect(try await test.store.losses() == Losses())
            try await test.store.record([.files: 2, .messages: 5])
            try await test.store.record([.messages: 1])
            let minute = try await test.store.now() / 60_000
            _ = try await test.redis.send(["HSET", "lh:losses", .string("\(minute - 16) jobs"), "9", .string("\(minute - 10) jobs"), "4"])
            let losses = try await test.store.losses()
            #expect(losses.counts == [.files: 2, .messages: 6, .jobs: 4])
            #expect(losses.last == .zero)
            try await test.store.record([.files: 1])
            let fields = try await test.redis.send(["HGETALL", "lh:losses"]).elements?.compactMap(\.text) ?? []
            #expect(!fields.contains("\(minute - 16) jobs") && fields.contains("\(minute - 10) jobs"))
        }
    }
}

@Suite("The names of providers", .needsServers) struct KnownProvidersTests {
    @Test("are known once an orchestrator has reported them") func reported() async throws {
        try await TestStore.run { test in
            #expect(try await test.store.knownProviders().names == [])
            #expect(try await !test.store.knownProviders().areCurrent)
            try await Membership(redis: test.redis, name: "a").report(providers: ["acme": nil, "zeta": nil])
            try await Membership(redis: test.redis, name: "b").report(providers: ["acme": nil, "beta": nil])
            let known = try await test.store.knownProviders()
            #expect(known.names == ["acme", "beta", "zeta"])
            #expect(known.areCurrent && known.contains("beta") && !known.contains("gamma"))
        }
    }

    @Test("are forgotten when the living orchestrators do not have them, and stay when none lives") func forgotten() async throws {
        try await TestStore.run { test in
            let short = Membership(redis: test.redis, name: "a", timeout: .milliseconds(10))
            try await short.report(providers: ["old": nil])
            #expect(try await test.store.knownProviders().names == ["old"])
            try await eventually(within: .seconds(10), "the old name is forgotten") {
                try await short.report(providers: ["new": nil])
                return try await test.store.knownProviders().names == ["new"]
            }
        }
    }

    @Test("survive a report that cannot be read") func unreadable() async throws {
        try await TestStore.run { test in
            _ = try await test.redis.send(["HSET", "lh:providers", "acme", "nonsense"])
            let known = try await test.store.knownProviders()
            #expect(known.contains("acme") && !known.areCurrent)
        }
    }
}

@Suite("Durations", .needsServers) struct DurationTests {
    private static let kind = ExportKind(provider: "p", key: "k")

    private static func learned(_ weights: [Int: Double], exports: Int = 1) -> LearnedDurations {
        var learned = LearnedDurations()
        (learned.exports, learned.weights) = (exports, weights)
        return learned
    }

    @Test("are learned as a histogram in which earlier exports count less and less") func histogram() async throws {
        try await TestStore.run { test in
            var expected = DurationHistogram()
            for shares in [[(60, 0.25), (61, 0.75)], [(58, 1.0)], [(61, 0.5), (159, 0.5)], [(0, 1.0)]] as [[(bin: Int, weight: Double)]] {
                var learned = LearnedDurations()
                learned.add(shares)
                try await test.store.learn([Self.kind: learned])
                expected.learn(shares)
            }
            let stored = try #require(try await test.store.durations()[Self.kind])
            for (weight, wanted) in zip(stored.weights, expected.weights) { #expect(abs(weight - wanted) < 0.002) }
        }
    }

    @Test("of several kinds are learned by one call, and what has faded is dropped") func kinds() async throws {
        try await TestStore.run { test in
            try await test.store.learn([Self.kind: Self.learned([100: 1]), Self.kind.all: Self.learned([100: 1])])
            try await test.store.learn([Self.kind: Self.learned([20: 1], exports: 2000)])
            let known = try await test.store.durations()
            #expect(known.keys.count == 2)
            #expect(known[Self.kind] == DurationHistogram(first: 20, weights: [1]))
            #expect(known[Self.kind.all] == DurationHistogram(first: 100, weights: [1]))
        }
    }

    @Test("take less than a kilobyte for a kind, whatever is learned") func size() async throws {
        try await TestStore.run { test in
            for round in 0..<60 {
                let weights = Dictionary(
                    uniqueKeysWithValues: (0..<DurationBins.count).map { ($0, Double(($0 * 7 + round) % 13 + 1) / 20) })
                try await test.store.learn([Self.kind: Self.learned(weights, exports: 40)])
            }
            let stored = try await test.redis.send(["HGET", "lh:histograms", "p\tk"])
            #expect(try #require(stored.text).utf8.count < 1024)
        }
    }

    @Test("that cannot be read are as unknown ones") func damaged() async throws {
        try await TestStore.run { test in
            for (index, text) in ["", "x", "5 a,b", "-3 1", "9999 7", "1 2 3 4", "1 2"].enumerated() {
                _ = try await test.redis.send(["HSET", "lh:histograms", .string("p\t\(index)"), .string(text)])
            }
            _ = try await test.redis.send(["HSET", "lh:histograms", "nonsense", "1 2 3"])
            #expect(try await test.store.durations().values.allSatisfy { $0.total == 0 })
            try await test.store.learn([ExportKind(provider: "p", key: "1"): Self.learned([3: 1])])
            #expect(try await test.store.durations()[ExportKind(provider: "p", key: "1")]?.total == 1)
        }
    }
}

@Suite("The memory of a waiting job", .needsServers) struct MemoryTests {
    @Test("is at most 700 bytes of Redis, index and timer included") func memory() async throws {
        // The whole server is measured.
        try await ServerGroup.run([.redis]) { servers in
            try await TestStore.run(partitions: 16, redis: servers.value("LONGHAUL_REDIS_URL")) { test in
                func used() async throws -> Int64 {
                    let info = try #require(try await test.redis.send(["MEMORY", "STATS"]).elements)
                    let names = stride(from: 0, to: info.count - 1, by: 2)
                    let dataset = try #require(names.first { info[$0].text == "dataset.bytes" })
                    return try #require(info[dataset + 1].int)
                }
                func create() async throws {
                    for job in try await test.start(limit: 2000, lease: .seconds(600)) {
                        try await test.decide(.created(PollHints()), job, handle: #"{"id":"exp_0123456789abcdef"}"#)
                    }
                }
                try await test.admit("warm-up")
                try await create()
                let parameters = #"{"report":"orders","from":"2026-11-01","to":"2026-11-02","region":"eu"}"#
                let jobs = try (0..<2000).map { index in
                    try test.request("0d7f4c2e-5a52-4b21-9c5d-00000000\(1000 + index)", parameters: parameters)
                }
                // An orchestrator publishes the events and removes them.
                try await test.store.keepEvents(false, of: (0..<16).map(OutboxSource.partition))
                let before = try await used()
                _ = try await test.store.admit(jobs, watchdog: .seconds(600))
                try await create()
                let bytes = try await (used() - before) / 2000
                #expect(bytes <= 700, "\(bytes) bytes a job")
            }
        }
    }
}
