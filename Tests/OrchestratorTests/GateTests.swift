import ExportCore
import Foundation
import JobMessages
import JobStore
import RabbitMQ
import TestServers
import Testing

extension OrchestratorSuites {
    @Suite("spares a provider that is down") struct BreakerTests {
        private static let breaker = "breaker: { window: 10s, minimum: 10, failures: 50%, openFor: 1500ms, longest: 1500ms, probes: 2 }"

        @Test("by a circuit breaker: no request while it is open, no attempt counted, and it closes by itself") func opens() async throws {
            let lines = [Self.breaker, "retry: { attempts: 6, base: 500ms, cap: 500ms }"]
            try await OrchestratorFixture.run(provider: lines) { fixture in
                let events = try await fixture.events("provider.acme.breaker.#")
                try await fixture.withOrchestrator { _ in
                    fixture.sandbox.isDown = true
                    let ids = try await fixture.submit(fixture.names(60))
                    // Longer than the attempts would last: it is the breaker that gets the jobs through.
                    var requests: [Int] = []
                    for _ in 0..<10 where requests.count < 3 {
                        if let number = try await Self.requestsWhileOpen(fixture) { requests.append(number) }
                    }
                    // Without it sixty jobs would ask twice a second. On a busy machine a few that were on their way come late.
                    #expect(requests.count == 3 && requests.contains(0) && requests.allSatisfy { $0 <= 10 }, "\(requests)")
                    fixture.sandbox.isDown = false
                    try await fixture.reach(.processing, jobs: ids)
                    #expect(try await fixture.store.health(of: "acme").health.breaker.state == .closed)
                }
                let seen = try await fixture.receive(3, from: events).map(\.properties.messageID)
                #expect(Set(seen).count == 3)
            }
        }

        /// Waits for the breaker's next opening, and counts what the provider is asked from soon after until just before the end of it.
        /// - Returns: `nil` when the machine stood still for so long that it shows nothing.
        private static func requestsWhileOpen(_ fixture: OrchestratorFixture) async throws -> Int? {
            let begun = try await fixture.store.now()
            let breaker = try await eventually(within: OrchestratorFixture.deadline, "the breaker opens") {
                let breaker = try await fixture.store.health(of: "acme").health.breaker
                return breaker.state == .open && breaker.changedAt >= begun ? breaker : nil
            }
            // What is on its way at that moment.
            try await until(breaker.changedAt + 500, fixture)
            let before = try await asked(fixture)
            try await until(breaker.openUntil - 500, fixture)
            let after = try await asked(fixture)
            return try await fixture.store.now() < breaker.openUntil ? after - before : nil
        }

        private static func asked(_ fixture: OrchestratorFixture) async throws -> Int {
            let requests = try await fixture.statistics().requests
            return ["create", "status", "files"].reduce(0) { $0 + requests[$1, default: 0] }
        }

        @Test("and lets new jobs wait for their creation meanwhile") func newJobs() async throws {
            try await OrchestratorFixture.run(provider: [Self.breaker]) { fixture in
                var health = ProviderHealth()
                let policy = BreakerPolicy(minimumRequests: 1, openFor: .seconds(2))
                health.breaker.record(RequestTally(requests: 1, failures: 1), policy: policy, now: try await fixture.store.now())
                #expect(try await fixture.store.setHealth(health, of: "acme", read: 0))
                try await fixture.withOrchestrator { _ in
                    let ids = try await fixture.submit(fixture.names(20))
                    try await fixture.reach(.pending, jobs: ids)
                    try await Self.until(health.breaker.openUntil - 100, fixture)
                    #expect(try await fixture.statistics().requests["create", default: 0] == 0)
                    try await fixture.reach(.processing, jobs: ids)
                }
                #expect(try await fixture.statistics().exports.created == 20)
            }
        }

        @Test("and believes the store when that has forgotten it all") func forgotten() async throws {
            try await OrchestratorFixture.run(provider: [Self.breaker]) { fixture in
                var health = ProviderHealth()
                let policy = BreakerPolicy(minimumRequests: 1, openFor: .seconds(300))
                health.breaker.record(RequestTally(requests: 1, failures: 1), policy: policy, now: try await fixture.store.now())
                for version in 0..<3 as Range<Int64> {
                    health.pause(.list, for: .seconds(version + 1), now: try await fixture.store.now())
                    #expect(try await fixture.store.setHealth(health, of: "acme", read: version))
                }
                try await fixture.withOrchestrator { _ in
                    let ids = try await fixture.submit(fixture.names(5))
                    try await fixture.reach(.pending, jobs: ids)
                    _ = try await fixture.redis.send(["DEL", "{lh:p:acme}:health"])
                    let later = try await fixture.submit(fixture.names(5, "later"))
                    try await fixture.reach(.processing, jobs: later)
                }
            }
        }

        @Test("and pauses the kind of request that it refuses by 429, and no other") func pause() async throws {
            try await OrchestratorFixture.run(sandbox: ["throttle-retry-after": "2s"]) { fixture in
                try await fixture.withOrchestrator { _ in
                    let first = try await fixture.submit("first", order: #"{"durationSeconds":1}"#)
                    try await fixture.reach(.polling, jobs: [first])
                    let refused = try await fixture.submit("refused", order: #"{"faults":{"create:429":1}}"#)
                    try await eventually(within: OrchestratorFixture.deadline, "the pause") {
                        try await fixture.store.health(of: "acme").health.pausedUntil["create"] != nil
                    }
                    let end = try await fixture.store.health(of: "acme").health.pausedUntil["create"].unwrapped("pause")
                    let waiting = try await fixture.submit("waiting")
                    try await fixture.reach(.processing, jobs: [first])
                    #expect(try await fixture.store.now() < end, "checks go on meanwhile")
                    try await fixture.reach(.processing, jobs: [refused, waiting])
                    let created = try await fixture.job(waiting).createdAt + fixture.entry("POLLING", waiting).at
                    #expect(created >= end)
                }
            }
        }

        /// Until the store's clock shows an instant.
        private static func until(_ instant: Int64, _ fixture: OrchestratorFixture) async throws {
            try await eventually(within: .seconds(20), "\(instant)") { try await fixture.store.now() >= instant }
        }
    }

    @Suite("keeps to a provider's limits") struct LimitTests {
        @Test("of exports in flight") func inFlight() async throws {
            try await OrchestratorFixture.run(sandbox: ["duration": "fixed:300ms"], provider: ["limits: { inFlight: 3 }"]) { fixture in
                try await fixture.withOrchestrator { _ in
                    let ids = try await fixture.submit(fixture.names(12))
                    var most = 0
                    try await eventually(within: OrchestratorFixture.deadline, "all are through") {
                        most = max(most, try await fixture.store.counts()[.polling] ?? 0)
                        return try await fixture.store.counts()[.processing] == ids.count
                    }
                    #expect((1...3).contains(most), "\(most)")
                }
            }
        }

        @Test("of creations a second") func creates() async throws {
            try await OrchestratorFixture.run(provider: ["limits: { creates: 10/s burst 1 }"]) { fixture in
                try await fixture.withOrchestrator { _ in
                    let ids = try await fixture.submit(fixture.names(12))
                    try await fixture.reach(.processing, jobs: ids)
                    var created: [Int64] = []
                    for id in ids { created.append(try await fixture.job(id).createdAt + fixture.entry("POLLING", id).at) }
                    created.sort()
                    #expect(created[11] - created[0] >= 900, "11 intervals of 100 ms, less what an answer may take")
                }
            }
        }

        @Test("of checks a second, without counting a job's wait against it") func checks() async throws {
            let lines = ["limits: { checks: 20/s burst 2 }", "polling: { policy: fixed, interval: 50ms }"]
            try await OrchestratorFixture.run(sandbox: ["duration": "fixed:1s"], provider: lines) { fixture in
                try await fixture.withOrchestrator { _ in
                    let ids = try await fixture.submit(fixture.names(30))
                    let begun = ContinuousClock.now
                    try await fixture.reach(.processing, jobs: ids)
                    let seconds = (ContinuousClock.now - begun) / .seconds(1)
                    let checks = try await fixture.statistics().requests["status", default: 0]
                    #expect(Double(checks) <= 2 + 20 * (seconds + 0.5), "\(checks) checks in \(seconds) s")
                    for id in ids { #expect(try await fixture.job(id).state.claims == 0) }
                }
            }
        }

        @Test("and starts a tenant's single job within its fair share of them, with many of another tenant waiting") func fairness()
            async throws
        {
            try await OrchestratorFixture.run(provider: ["limits: { creates: 20/s burst 1 }"]) { fixture in
                let many = fixture.names(300, "large")
                try await fixture.publish(many.map { #"{"exportJobId":"\#($0)","provider":"acme","tenant":"large"}"# })
                try await fixture.withOrchestrator { _ in
                    let large = try many.map { try JobID($0).unwrapped("name") }
                    try await eventually(within: OrchestratorFixture.deadline, "all are admitted, and some started") {
                        guard try await fixture.store.jobs(large).count == 300 else { return false }
                        return try await fixture.statistics().exports.created >= 5
                    }
                    let before = try await fixture.statistics().exports.created
                    try await fixture.publish([#"{"exportJobId":"small","provider":"acme","tenant":"small"}"#])
                    let small = try JobID("small").unwrapped("name")
                    try await eventually(within: OrchestratorFixture.deadline, "the single job is started") {
                        try await fixture.store.job(small)?.state.status.isWaiting == false
                    }
                    let between = try await fixture.statistics().exports.created - before
                    #expect(between <= 25, "\(between) others came first; its message took some of that time")
                }
            }
        }
    }
}

extension JobStatus {
    fileprivate var isWaiting: Bool { self == .pending }
}

extension OrchestratorFixture {
    /// The first line of a job's history with this status or sign.
    func entry(_ what: String, _ id: JobID) async throws -> HistoryEntry {
        try await store.history(of: id).first { $0.what == what }.unwrapped("\(what) in the history of \(id)")
    }

    /// A queue that receives events of a routing pattern.
    func events(_ pattern: String) async throws -> String {
        let queue = "events-\(UUID().uuidString)"
        try await administrator.declare(QueueDeclaration(queue))
        try await administrator.bind(queue: queue, to: QueueNames.events, routingKey: pattern)
        return queue
    }
}
