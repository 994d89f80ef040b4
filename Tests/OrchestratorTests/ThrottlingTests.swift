import ExportCore
import Foundation
import JobStore
import TestServers
import Testing

extension OrchestratorSuites {
    @Suite("is asked for less") struct ThrottlingTests {
        private static let fast = "polling: { policy: fixed, interval: 50ms, maxWait: 1m }"

        @Test(
            "by a 429 without a usable time: requests become fewer, one at a time, until an answer is another",
            arguments: [[:], ["Retry-After": "0"], ["Retry-After": "soon"]] as [[String: String]])
        func withoutTime(headers: [String: String]) async throws {
            let api = try ScriptedAPI { step, _ in step == .status ? .json("{}", status: 429, headers: headers) : nil }
            try await OrchestratorFixture.run(file: api.file(Self.fast, "retry: { attempts: 4, base: 50ms, cap: 2s }")) { fixture in
                try await fixture.withOrchestrator { _ in
                    let ids = try await fixture.submit(fixture.names(40))
                    let answers = try await eventually(within: OrchestratorFixture.deadline, "six throttled answers in a row") {
                        let answers = try await fixture.store.health(of: "acme").health.slow(.check)?.answers ?? 0
                        return answers >= 6 ? answers : nil
                    }
                    // The first answers come to requests that were sent together; then one request follows each pause.
                    #expect(api.count(.status) <= 40 + answers + 2)
                    api.change { _, _ in nil }
                    try await fixture.reach(.processing, jobs: ids)
                    #expect(try await fixture.store.health(of: "acme").health.slow(.check) == nil)
                }
            }
        }

        @Test("before its first 429, by the headers that tell its budget") func budget() async throws {
            let api = try ScriptedAPI { step, _ in
                guard step == .status else { return nil }
                return .json(
                    #"{"status":"RUNNING"}"#,
                    headers: ["X-RateLimit-Limit": "100", "X-RateLimit-Remaining": "3", "X-RateLimit-Reset": "20"])
            }
            try await OrchestratorFixture.run(file: api.file(Self.fast)) { fixture in
                try await fixture.withOrchestrator { _ in
                    let id = try await fixture.submit("a")
                    try await fixture.reach(.polling, jobs: [id])
                    let pause = try await eventually(within: OrchestratorFixture.deadline, "a pause") {
                        let stored = try await fixture.store.health(of: "acme")
                        let wait = stored.health.wait(.check, now: stored.now)
                        return wait > .zero ? wait : nil
                    }
                    #expect(pause <= .seconds(5))
                }
            }
        }

        @Test("for no longer than maxThrottled, before the creation and after it, and the history says so", arguments: ["create", "files"])
        func bound(step: String) async throws {
            let api = try ScriptedAPI { asked, _ in asked.rawValue == step ? .json("{}", status: 429) : nil }
            let file = api.file(Self.fast, "retry: { attempts: 4, base: 20ms, cap: 200ms, maxThrottled: 1s }")
            try await OrchestratorFixture.run(file: file) { fixture in
                try await fixture.withOrchestrator(OrchestratorFixture.configuration(watchdog: .seconds(1))) { _ in
                    let ids = try await fixture.submit(fixture.names(5))
                    try await fixture.reach(.failed, jobs: ids)
                    for id in ids {
                        let error = try await fixture.job(id).error.unwrapped("error")
                        #expect(error.code == "max-throttled-exceeded")
                        #expect(error.message.contains("answered 429"))
                    }
                    let history = try await fixture.store.history(of: ids[0]).map { "\($0.what) \($0.detail)" }
                    #expect(history.last == "FAILED max-throttled-exceeded")
                }
            }
        }

        @Test("for no longer than maxWait, whatever time it names", arguments: ["99999999999999999999", "1795000000000"])
        func absurd(value: String) async throws {
            let api = try ScriptedAPI { step, job in
                step == .status && job == "a" ? .json("{}", status: 429, headers: ["Retry-After": value]) : nil
            }
            let file = api.file("polling: { policy: fixed, interval: 300ms, maxWait: 2s }")
            try await OrchestratorFixture.run(file: file) { fixture in
                try await fixture.withOrchestrator { _ in
                    let a = try await fixture.submit("a")
                    try await eventually(within: OrchestratorFixture.deadline, "a pause") {
                        try await fixture.store.health(of: "acme").health.slow(.check) != nil
                    }
                    let b = try await fixture.submit("b")
                    for id in [a, b] {
                        let error = try await fixture.failure(of: id)
                        #expect(error.code == "max-wait-exceeded")
                        #expect(error.message.contains("429"), "\(error.message)")
                    }
                    let stored = try await fixture.store.health(of: "acme")
                    #expect(stored.health.wait(.check, now: stored.now) <= .seconds(3600), "longestPause")
                }
            }
        }
    }

    @Suite("is held") struct HoldTests {
        private static let lines = [
            "polling: { policy: fixed, interval: 50ms, maxWait: 1m }", "retry: { attempts: 4, base: 20ms, cap: 100ms }",
        ]

        @Test(
            "when it refuses every request: jobs wait and nothing fails, and all goes on after the fix, by itself or on request",
            arguments: [(401, false), (403, true)])
        func refused(status: Int, isResumed: Bool) async throws {
            let running = StubResponse.json(#"{"status":"RUNNING"}"#)
            let api = try ScriptedAPI { step, _ in step == .status ? running : nil }
            try await OrchestratorFixture.run(file: api.file(Self.lines[0], Self.lines[1])) { fixture in
                try await fixture.withOrchestrator { _ in
                    let ids = try await fixture.submit(fixture.names(100))
                    try await fixture.reach(.polling, jobs: ids)
                    api.change { _, _ in .json(#"{"error":"token expired"}"#, status: status) }
                    try await eventually(within: OrchestratorFixture.deadline, "a hold") {
                        try await fixture.store.health(of: "acme").health.breaker.hold?.code == "http-\(status)"
                    }
                    let late = try await fixture.submit("late")
                    try await fixture.reach(.pending, jobs: [late], within: OrchestratorFixture.deadline)
                    // What was under way has ended once the number stands still.
                    var asked = -1
                    try await eventually(within: OrchestratorFixture.deadline, "silence") {
                        defer { asked = api.count(.status) + api.count(.create) }
                        return asked == api.count(.status) + api.count(.create)
                    }
                    #expect(try await fixture.store.jobs(ids).allSatisfy { $0.state.status == .polling })
                    #expect(try await fixture.store.jobs([late]).map(\.state.status) == [.pending])
                    #expect(try await fixture.depth("longhaul.jobs.dead") == 0)
                    let before = api.count(.status) + api.count(.create)
                    api.change { _, _ in nil }
                    #expect(api.count(.status) + api.count(.create) <= before + 1)
                    if isResumed { try await Self.resume(fixture) }
                    try await fixture.reach(.processing, jobs: [late] + ids, within: OrchestratorFixture.deadline)
                }
            }
        }

        /// As `longhaul provider resume` does.
        private static func resume(_ fixture: OrchestratorFixture) async throws {
            while true {
                var stored = try await fixture.store.health(of: "acme")
                stored.health.resume(now: stored.now)
                if try await fixture.store.setHealth(stored.health, of: "acme", read: stored.version) { return }
            }
        }

        @Test("not when one job alone is refused: that job fails after its attempts, and the others go on") func alone() async throws {
            let running = StubResponse.json(#"{"status":"RUNNING"}"#)
            let api = try ScriptedAPI { step, job in
                guard step == .status else { return nil }
                return job == "bad" ? .json(#"{"error":"not your report"}"#, status: 403) : running
            }
            try await OrchestratorFixture.run(file: api.file(Self.lines[0], "retry: { attempts: 4, base: 200ms, cap: 1s }")) { fixture in
                try await fixture.withOrchestrator { _ in
                    let good = try await fixture.submit(fixture.names(20))
                    try await fixture.reach(.polling, jobs: good)
                    let bad = try await fixture.submit("bad")
                    let error = try await fixture.failure(of: bad)
                    #expect(error.code == "http-403")
                    #expect(try await fixture.store.health(of: "acme").health.breaker.hold == nil)
                    #expect(try await fixture.store.jobs(good).allSatisfy { $0.state.status == .polling })
                }
            }
        }
    }
}
