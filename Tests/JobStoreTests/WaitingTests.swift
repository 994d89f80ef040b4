import ExportCore
import JobStore
import TestServers
import Testing

@Suite("The waiting list of a provider", .needsServers) struct WaitingTests {
    private func admit(_ count: Int, tenant: String, _ test: TestStore, prefix: String) async throws {
        var jobs: [JobRequest] = []
        for index in 0..<count {
            jobs.append(try test.request("\(prefix)-\(index)", tenant: tenant))
            if jobs.count == 1000 || index == count - 1 {
                _ = try await test.store.admit(jobs, watchdog: TestStore.watchdog)
                jobs = []
            }
        }
    }

    private func take(_ limit: Int, _ test: TestStore, _ limits: StartLimits = StartLimits()) async throws -> TakenJobs {
        try await test.store.take(from: "acme", limit: limit, limits: limits)
    }

    @Test("starts the single job of one tenant next, with another tenant's 50,000 waiting") func fairness() async throws {
        try await TestStore.run(partitions: 16) { test in
            try await admit(50_000, tenant: "large", test, prefix: "large")
            #expect(try await take(500, test).ids.count == 500)
            try await admit(1, tenant: "small", test, prefix: "small")
            let next = try await take(2, test).ids.map(\.text)
            #expect(next.contains("small-0"), "\(next)")
        }
    }

    @Test("gives tenants equal shares, however many jobs each has, and none to one who comes back for more") func shares() async throws {
        try await TestStore.run { test in
            try await admit(300, tenant: "a", test, prefix: "a")
            try await admit(200, tenant: "b", test, prefix: "b")
            var counts = ["a": 0, "b": 0, "c": 0]
            for round in 0..<60 {
                // Always one job waiting: it must not come before those who have many.
                try await admit(1, tenant: "c", test, prefix: "c-\(round)")
                for id in try await take(2, test).ids { counts[String(id.text.prefix(1)), default: 0] += 1 }
            }
            for (tenant, count) in counts { #expect((35...45).contains(count), "\(tenant): \(count) of 120") }
        }
    }

    @Test("holds creations to the rate, and tells when the next may come") func rate() async throws {
        try await TestStore.run { test in
            try await admit(100, tenant: "a", test, prefix: "a")
            let limits = StartLimits(creates: Rate(perSecond: 10, burst: 3))
            let begun = ContinuousClock.now
            let first = try await take(50, test, limits)
            #expect(first.ids.count == 3)
            let wait = try #require(first.wait)
            #expect(wait > .milliseconds(50) && wait <= .milliseconds(100))
            let second = try await take(50, test, limits)
            // A busy machine may take longer than the tenth of a second that gives one back.
            let most = 1 + Int((ContinuousClock.now - begun) / .milliseconds(100))
            #expect(second.ids.count <= most, "only what time has given back")
        }
    }

    @Test("passes over tenants that have all their places, and lets others go on") func tenantPlaces() async throws {
        try await TestStore.run { test in
            for tenant in ["a", "b"] { try await admit(20, tenant: tenant, test, prefix: tenant) }
            let limits = StartLimits(tenantInFlight: 3)
            let first = try await take(30, test, limits)
            #expect(first.jobs.count(where: { $0.tenant == "a" }) == 3)
            #expect(first.jobs.count(where: { $0.tenant == "b" }) == 3)
            #expect(first.wait == .milliseconds(250))
            for job in first.jobs where job.tenant == "b" { try await test.store.releasePlace(of: job.id, provider: "acme") }
            let second = try await take(30, test, limits)
            #expect(second.jobs.map(\.tenant) == ["b", "b", "b"])
            let again = try #require(second.ids.first)
            try await test.store.releasePlace(of: again, provider: "acme")
            try await test.store.takePlace(of: again, provider: "acme", tenant: "b")
            #expect(try await take(30, test, limits).jobs.isEmpty, "an export that runs again has its place")
        }
    }

    @Test("holds each tenant to its own rate") func tenantRate() async throws {
        try await TestStore.run { test in
            for tenant in ["a", "b"] { try await admit(20, tenant: tenant, test, prefix: tenant) }
            let limits = StartLimits(tenantCreates: Rate(perSecond: 0.1, burst: 2))
            let first = try await take(30, test, limits)
            #expect(first.jobs.map(\.tenant).sorted() == ["a", "a", "b", "b"])
            let wait = try #require(first.wait)
            #expect(wait > .seconds(8) && wait <= .seconds(10))
            try await admit(1, tenant: "c", test, prefix: "c")
            #expect(try await take(30, test, limits).jobs.map(\.tenant) == ["c"])
            let quicker = StartLimits(tenantCreates: Rate(perSecond: 100, burst: 2))
            try await eventually(within: .seconds(10), "a job at the changed rate") {
                let jobs = try await take(30, test, quicker).jobs
                return jobs.contains { $0.tenant == "a" }
            }
        }
    }

    @Test("reaches every tenant behind hundreds that must wait") func manyTenants() async throws {
        try await TestStore.run { test in
            for index in 0..<450 { try await admit(2, tenant: "full-\(index)", test, prefix: "full-\(index)") }
            let limits = StartLimits(tenantInFlight: 1)
            #expect(try await take(500, test, limits).ids.count == 450)
            try await admit(1, tenant: "zz", test, prefix: "zz")
            var found = false
            for _ in 0..<5 where !found { found = try await take(500, test, limits).jobs.contains { $0.tenant == "zz" } }
            #expect(found)
            let all = try await take(500, test, limits)
            #expect(all.jobs.isEmpty && all.wait == .milliseconds(250), "asking again at once would find nothing else: \(all)")
        }
    }

    @Test("holds exports in flight to the limit, across all who ask") func inFlight() async throws {
        try await TestStore.run { test in
            try await admit(20, tenant: "a", test, prefix: "a")
            let limits = StartLimits(inFlight: 5)
            let first = try await take(3, test, limits).ids
            let second = try await take(10, test, limits)
            #expect(second.ids.count == 2)
            #expect(second.wait != nil)
            #expect(try await take(10, test, limits).ids.isEmpty)
            try await test.store.releasePlace(of: first[0], provider: "acme")
            #expect(try await take(10, test, limits).ids.count == 1)
        }
    }

    @Test("gives back permits and places for what turns out not to wait, and gives out again what nobody has settled") func settling()
        async throws
    {
        try await TestStore.run { test in
            try await admit(4, tenant: "a", test, prefix: "a")
            let limits = StartLimits(creates: Rate(perSecond: 0.001, burst: 2), inFlight: 2)
            let taken = try await take(4, test, limits)
            #expect(taken.ids.count == 2)
            // Both are found to be started by somebody else.
            try await test.store.settle(taken.jobs, started: [], from: "acme", limits: limits)
            let others = try await take(4, test, limits)
            #expect(Set(others.ids).intersection(taken.ids).isEmpty)
            #expect(others.ids.count == 2)
            let again = try await test.store.take(from: "acme", limit: 4, limits: StartLimits(), lease: .zero)
            #expect(Set(again.ids) == Set(others.ids), "whoever took them has died")
        }
    }

    @Test("is left by jobs that are cancelled, so that the next one does not wait for them") func cancelled() async throws {
        try await TestStore.run { test in
            try await admit(20, tenant: "a", test, prefix: "a")
            for index in 0..<19 { _ = try await test.store.cancel(try #require(JobID("a-\(index)"))) }
            #expect(try await take(5, test).ids.map(\.text) == ["a-19"])
        }
    }

    @Test("frees the places of exports that are not in flight, and of no others") func verification() async throws {
        try await TestStore.run { test in
            try await admit(3, tenant: "a", test, prefix: "a")
            let limits = StartLimits(inFlight: 3)
            let taken = try await take(3, test, limits).ids
            // One is being created, one polls, and one was taken by somebody who died.
            let started = try await test.store.start(Array(taken.prefix(2)), lease: TestStore.lease)
            try await test.decide(.created(PollHints()), started[0])
            #expect(try await test.store.verifyPlaces(of: "acme", olderThan: .seconds(60)) == 0, "too young to be looked at")
            #expect(try await test.store.verifyPlaces(of: "acme", olderThan: .zero) == 1)
            #expect(try await test.store.verifyPlaces(of: "acme", olderThan: .seconds(-1)) == 0)
        }
    }

    @Test("gives out each job as it was put in") func entries() async throws {
        try await TestStore.run { test in
            let request = try test.request("a", .high, tenant: "small")
            _ = try await test.store.admit([request], watchdog: TestStore.watchdog)
            let createdAt = try #require(try await test.store.job(request.id)).createdAt
            let taken = try await take(1, test).jobs
            #expect(taken == [WaitingJob(id: request.id, provider: "acme", priority: .high, tenant: "small", since: createdAt)])
        }
    }

    @Test("counts an export that runs again, where exports in flight are limited") func takingPlaces() async throws {
        try await TestStore.run { test in
            try await admit(2, tenant: "a", test, prefix: "a")
            let other = try #require(JobID("other")), limits = StartLimits(inFlight: 2)
            try await test.store.takePlace(of: other, provider: "acme", tenant: "blue")
            #expect(try await take(1, test, limits).ids.count == 1, "nothing was limited before")
            try await test.store.takePlace(of: other, provider: "acme", tenant: "blue")
            #expect(try await take(1, test, limits).ids.isEmpty)
            try await test.store.releasePlace(of: other, provider: "acme")
            #expect(try await take(1, test, limits).ids.count == 1)
        }
    }

    @Test("counts it also where none is in flight") func takingTheFirstPlace() async throws {
        try await TestStore.run { test in
            try await admit(2, tenant: "a", test, prefix: "a")
            let limits = StartLimits(inFlight: 1)
            let first = try #require(try await take(1, test, limits).ids.first)
            try await test.store.releasePlace(of: first, provider: "acme")
            try await test.store.takePlace(of: first, provider: "acme", tenant: "a")
            #expect(try await take(1, test, limits).ids.isEmpty)
        }
    }

    @Test("says that nothing waits") func empty() async throws {
        try await TestStore.run { test in
            #expect(try await take(10, test).wait == nil)
            try await admit(2, tenant: "a", test, prefix: "a")
            #expect(try await test.store.waiting(among: ["other", "acme"]) == ["acme"])
            let all = try await take(10, test)
            #expect(all.ids.count == 2)
            #expect(all.wait == nil)
            #expect(try await test.store.waiting(among: ["other", "acme"]) == ["acme"], "whoever took them may die")
            try await test.store.settle(all.jobs, started: Set(all.ids), from: "acme", limits: StartLimits())
            #expect(try await test.store.waiting(among: ["other", "acme"]) == [])
        }
    }

    @Test("does not start what its backoff holds back, though a stale entry names it") func staleEntry() async throws {
        try await TestStore.run { test in
            let id = try await test.admit("a")
            let job = try #require(try await test.start().first)
            let failure = Failure(.transient, code: "http-503", message: "busy")
            try await test.decide(.stepFailed(failure), job)
            try await test.store.enqueue([WaitingJob(id: id, provider: "acme", priority: .normal, tenant: "default", since: 0)])
            #expect(try await test.start().isEmpty)
        }
    }
}
