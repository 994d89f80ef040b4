import ExportCore
import Redis
import TestServers
import Testing

@testable import JobStore

@Suite("The outbox", .needsServers) struct OutboxTests {
    private static let source = OutboxSource.partition(0)

    private func events(_ test: TestStore, of source: OutboxSource = source) async throws -> [OutboxEvent] {
        try await test.store.events(of: [source], atMost: 1000)[source]?.lines.compactMap { OutboxEvent($0) } ?? []
    }

    private func told(_ event: OutboxEvent) -> String {
        switch event.body {
        case .status(let job, let before, let after, let detail):
            "\(job.id) \(job.version) \(before?.rawValue ?? "-") \(after.rawValue) \(detail)"
        case .file(let job, let index, let isStored, let detail): "\(job.id)#\(index) \(isStored ? "stored" : "failed") \(detail)"
        case .act(let job, let act, let actor, _): "\(job.id) \(act) by \(actor)"
        case .breaker(let provider, let state, let actor, let why): "\(provider) \(state) by \(actor): \(why)"
        }
    }

    @Test("has an event for each change of a job's status, in order, and none for a check or a stale change") func statuses() async throws {
        try await TestStore.run { test in
            let id = try await test.admit("a")
            _ = try await test.admit("a")
            let created = try #require(try await test.start().first)
            let polling = try await test.advanced(created, by: .created(PollHints()), handle: #"{"id":"e"}"#)
            let again = try await test.advanced(polling, by: .notReady(PollHints()))
            #expect(try await test.decide(.ready, polling) == .stale)
            let ready = try await test.advanced(again, by: .ready)
            _ = try await test.list(["x"], of: ready)
            let all = try await events(test)
            #expect(
                all.map(told) == [
                    "a 0 - PENDING ", "a \(polling.version) PENDING POLLING x", "a \(ready.version) POLLING READY x",
                    "a \(ready.version + 1) READY PROCESSING 1 files",
                ])
            guard case .status(let job, _, _, _) = all[0].body else { throw TestServersError("another event") }
            #expect((job.provider, job.tenant, job.correlationID, job.traceparent) == ("acme", "default", "c-a", nil))
            #expect(job.id == id.text)
            #expect(all.map(\.id) == all.map(\.id).sorted())
        }
    }

    @Test("has an event for a failure with its reason, for what operators ask, and who asked") func acts() async throws {
        try await TestStore.run { test in
            let polling = try await test.polling("a")
            #expect(try await test.store.cancel(polling.id, by: "ann@desk") == .asked)
            #expect(try await test.store.cancel(polling.id, by: "bob@desk") == .asked)
            let job = try #require(try await test.store.job(polling.id))
            let failed = try await test.advanced(job.claimed, by: .cancelled)
            let record = try #require(try await test.store.job(failed.id))
            let decision = try #require(TestStore.machine.decide(.retryRequested(fromStart: true), in: record.state, random: 0))
            #expect(try await test.store.retry(record, decision, detail: "retried from the start", by: "ann@desk") != nil)
            #expect(
                try await events(test).map(told).suffix(4) == [
                    "a cancel by ann@desk", "a \(failed.version) POLLING FAILED cancelled cancelled on request", "a retry by ann@desk",
                    "a \(failed.version + 1) FAILED PENDING retried from the start",
                ])
        }
    }

    @Test("has an event for each file that is stored") func files() async throws {
        try await TestStore.run { test in
            let id = try await test.processing("a", files: ["x", "y"])
            let x = try #require(try await test.claimFile(0, id))
            let object = StoredObject(name: "x", source: "u", bytes: 3, sha256: "s", key: "k/x")
            _ = try await test.end(x, .stored, objects: [object])
            _ = try await test.end(x, .stored, objects: [object])
            let told = try await events(test).map(told).filter { $0.contains("#") }
            #expect(told.count == 1, "a caller that asks again stores nothing")
            #expect(told[0].hasPrefix("a#0 stored [{") && told[0].contains(#""key":"k/x""#), "\(told)")
            let y = try #require(try await test.claimFile(1, id))
            let many = (0..<100).map { StoredObject(name: "y\($0)", source: "u", bytes: 3, sha256: "s", key: "k/y\($0)") }
            _ = try await test.end(y, .stored, objects: many)
            #expect(try await events(test).map(self.told).last == "a#1 stored ", "the manifest lists many objects, an event does not")
        }
    }

    @Test("of a provider has an event when its breaker changes, and says who changed it") func breaker() async throws {
        try await TestStore.run { test in
            var health = ProviderHealth()
            let before = health
            #expect(try await test.store.setHealth(health, of: "acme", read: 0, before: before, by: "o-1"))
            health.breaker.hold(code: "http-401", message: "no\tentry", policy: BreakerPolicy(), now: 5)
            #expect(try await test.store.setHealth(health, of: "acme", read: 1, before: before, by: "o-1"))
            #expect(try await test.store.setHealth(health, of: "acme", read: 2, before: health, by: "o-1"))
            #expect(try await !test.store.setHealth(before, of: "acme", read: 1, before: health, by: "o-2"))
            let told = try await events(test, of: .provider("acme")).map(told)
            #expect(told.count == 1)
            #expect(told.first?.hasPrefix("acme held by o-1: ") == true, "\(told)")
        }
    }

    @Test("forgets what is published, and keeps what came later") func forget() async throws {
        try await TestStore.run { test in
            for name in ["a", "b"] { try await test.admit(name) }
            let found = try #require(try await test.store.events(of: [Self.source], atMost: 1)[Self.source])
            #expect(found.lines.compactMap { OutboxEvent($0) }.map(told) == ["a 0 - PENDING "])
            try await test.admit("c")
            try await test.store.forgetEvents(of: [Self.source: found.last])
            #expect(try await events(test).map(told) == ["b 0 - PENDING ", "c 0 - PENDING "])
            // By another relay that has read before.
            try await test.store.forgetEvents(of: [Self.source: found.last])
            let backlog = try await test.store.outboxes(of: [Self.source])
            #expect(backlog.waiting == 2 && backlog.dropped == 0)
        }
    }

    @Test("drops the oldest at its limit, and counts them") func limit() async throws {
        try await TestStore.run { test in
            let fill = "for i = 1, 5000 do redis.call('XADD', KEYS[1], '*', 'e', 'x') end"
            _ = try await test.redis.send(["EVAL", .string(fill), 1, "{lh:00}:outbox"])
            var names: [String] = []
            try await eventually(within: .seconds(30), "some are dropped") {
                names.append("job-\(names.count)")
                try await test.admit(try #require(names.last))
                return try await test.store.outboxes(of: [Self.source]).dropped > 0
            }
            let backlog = try await test.store.outboxes(of: [Self.source])
            // Not every script looks at the limit.
            #expect(backlog.waiting + backlog.dropped == 5000 + names.count && backlog.waiting <= 5001)
            let found = try #require(try await test.store.events(of: [Self.source], atMost: 6000)[Self.source])
            #expect(
                found.lines.compactMap { OutboxEvent($0) }.map(told) == names.map { "\($0) 0 - PENDING " },
                "what cannot be read is left out")
        }
    }

    @Test("has one entry for what one script tells, sixteen events at most") func entries() async throws {
        try await TestStore.run { test in
            let requests = try (0..<40).map { try test.request("job-\($0)") }
            _ = try await test.store.admit(requests, watchdog: TestStore.watchdog)
            #expect(try await test.store.outboxes(of: [Self.source]).waiting == 3)
            let found = try #require(try await test.store.events(of: [Self.source], atMost: 2)[Self.source])
            #expect(found.lines.count == 32)
            let events = try await events(test)
            #expect(events.count == 40 && Set(events.map(\.id)).count == 40)
            #expect(Set(events.map(\.topic)) == ["job.acme.PENDING"])
        }
    }

    @Test("is empty while nobody wants events") func off() async throws {
        try await TestStore.run { test in
            try await test.store.keepEvents(false, of: [Self.source])
            try await test.admit("a")
            #expect(try await events(test).isEmpty)
            try await test.store.keepEvents(true, of: [Self.source])
            try await test.admit("b")
            #expect(try await events(test).map(told) == ["b 0 - PENDING "])
        }
    }
}
