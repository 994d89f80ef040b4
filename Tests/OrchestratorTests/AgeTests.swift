import ExportCore
import Synchronization
import TestServers
import Testing

extension OrchestratorSuites {
    @Suite("bounds the age of an export") struct AgeTests {
        private static let queued = StubResponse.json(#"{"status":"QUEUED"}"#)
        private static let running = StubResponse.json(#"{"status":"RUNNING"}"#)

        /// The provider file of an API that has a queue.
        private static func file(_ api: ScriptedAPI, _ bound: String) -> String {
            api.file("polling: { policy: fixed, interval: 50ms, \(bound) }").replacing("states: {", with: "states: { queued: QUEUED,")
        }

        /// An export that is queued for the first checks, and runs from then on.
        private static func api(queuedFor checks: Int) throws -> ScriptedAPI {
            let asked = Mutex(0)
            return try ScriptedAPI { step, _ in
                guard step == .status else { return nil }
                let number = asked.withLock {
                    $0 += 1
                    return $0
                }
                return number <= checks ? Self.queued : Self.running
            }
        }

        @Test("that stays in the queue by maxQueued") func queue() async throws {
            let api = try ScriptedAPI { step, _ in step == .status ? Self.queued : nil }
            defer { api.server.stop() }
            try await OrchestratorFixture.run(file: Self.file(api, "maxQueued: 300ms")) { fixture in
                try await fixture.withOrchestrator { _ in
                    let id = try await fixture.submit("a")
                    let error = try await fixture.failure(of: id)
                    #expect(error.code == "max-queued-exceeded")
                    #expect(error.message.hasPrefix("still queued"), "\(error.message)")
                    #expect(try await fixture.interpreter.retry(id) == .retried(.polling), "its export may still run")
                    let code = try await fixture.failure(of: id).code
                    #expect(code == "max-queued-exceeded")
                }
                #expect(api.count(.create) == 1)
            }
        }

        @Test("that has left the queue not by maxQueued") func leftTheQueue() async throws {
            let api = try Self.api(queuedFor: 1)
            defer { api.server.stop() }
            try await OrchestratorFixture.run(file: Self.file(api, "maxQueued: 2s")) { fixture in
                try await fixture.withOrchestrator { _ in
                    let id = try await fixture.submit("a")
                    // 60 checks last for longer than that: none comes earlier than 45 ms after the one before.
                    try await eventually(within: OrchestratorFixture.deadline, "many checks") { api.count(.status) > 60 }
                    #expect(try await fixture.job(id).state.status == .polling)
                }
            }
        }

        @Test("that runs by maxRunning, from the first answer that it runs") func run() async throws {
            // The queue lasts for longer than the bound.
            let api = try Self.api(queuedFor: 12)
            defer { api.server.stop() }
            try await OrchestratorFixture.run(file: Self.file(api, "maxRunning: 300ms")) { fixture in
                try await fixture.withOrchestrator { _ in
                    let id = try await fixture.submit("a")
                    let code = try await fixture.failure(of: id).code
                    #expect(code == "max-running-exceeded")
                    #expect(api.count(.status) >= 14, "its first answer that it runs does not fail it")
                    let handle = ExportHandle(try await fixture.job(id).exportHandle.unwrapped("handle"))
                    // 11 intervals of 50 ms, each with a tenth of jitter.
                    #expect(try handle.runningAfter.unwrapped("note") >= 450)
                }
            }
        }

        @Test("that runs by maxRunning also after the orchestrator died that saw it begin") func death() async throws {
            let api = try ScriptedAPI { step, _ in step == .status ? Self.running : nil }
            defer { api.server.stop() }
            try await OrchestratorFixture.run(file: Self.file(api, "maxRunning: 1s")) { fixture in
                let lease = Duration.seconds(2)
                let first = try await fixture.start(OrchestratorFixture.configuration("a", lease: lease, shutdownGrace: .zero))
                let id = try await fixture.submit("a")
                let begun = try await eventually(within: OrchestratorFixture.deadline, "the note of its begin") {
                    try await fixture.store.job(id)?.exportHandle.flatMap { ExportHandle($0).runningAfter }
                }
                await first.cancel()
                try await fixture.withOrchestrator(OrchestratorFixture.configuration("b", lease: lease)) { _ in
                    let code = try await fixture.failure(of: id).code
                    #expect(code == "max-running-exceeded")
                }
                let handle = ExportHandle(try await fixture.job(id).exportHandle.unwrapped("handle"))
                #expect(handle.runningAfter == begun, "the second one counts from there")
            }
        }

        @Test("that is ready in time by nothing, and what is noted reaches no request") func ready() async throws {
            let api = try Self.api(queuedFor: 1)
            defer { api.server.stop() }
            try await OrchestratorFixture.run(file: Self.file(api, "maxQueued: 10s, maxRunning: 10s")) { fixture in
                try await fixture.withOrchestrator { _ in
                    let id = try await fixture.submit("a")
                    try await eventually(within: OrchestratorFixture.deadline, "it runs") { api.count(.status) > 2 }
                    api.change { _, _ in nil }
                    try await fixture.reach(.processing, jobs: [id])
                    let handle = ExportHandle(try await fixture.job(id).exportHandle.unwrapped("handle"))
                    #expect(handle.runningAfter != nil && handle.values == #"{"id":"a"}"#)
                }
                #expect(Set(api.server.lines) == ["POST /exports", "GET /exports/a", "GET /exports/a/files"])
            }
        }
    }
}
