import ExportCore
import Foundation
import JobMessages
import Synchronization
import TestServers
import Testing

extension OrchestratorSuites {
    @Suite("takes an export through its steps and") struct StepsTests {
        private static let lease = Duration.seconds(2)

        @Test("brings its files to the workers, after a create of several requests and a second wait") func wholeWay() async throws {
            let api = try SteppedAPI()
            defer { api.server.stop() }
            try await OrchestratorFixture.run(file: api.file()) { fixture in
                try await fixture.withOrchestrator { _ in
                    let id = try await fixture.submit("a")
                    #expect(try await fixture.downloads(1).map(\.task) == [.file(0, token: 0)])
                    try await fixture.reach(.processing, jobs: [id])
                    let handle = ExportHandle(try await fixture.job(id).exportHandle.unwrapped("handle"))
                    #expect(handle.values == #"{"id":"e-1","conversion":"c-1"}"#)
                    #expect(handle.step == nil, "no step is ahead")
                }
            }
            #expect(
                api.order == [
                    SteppedAPI.create, SteppedAPI.query, SteppedAPI.start, SteppedAPI.exported, SteppedAPI.convert, SteppedAPI.converted,
                    SteppedAPI.files,
                ])
            for line in [SteppedAPI.create, SteppedAPI.query, SteppedAPI.start, SteppedAPI.convert, SteppedAPI.files] {
                #expect(api.count(line) == 1, "\(line)")
            }
            for line in [SteppedAPI.exported, SteppedAPI.converted] { #expect(api.count(line) == 2, "\(line)") }
        }

        @Test("creates no second one when an orchestrator dies in a step: that step alone is sent again") func death() async throws {
            let starts = Mutex(0)
            let mayAnswer = DispatchSemaphore(value: 0)
            let api = try SteppedAPI { line in
                guard line == SteppedAPI.start else { return nil }
                let number = starts.withLock {
                    $0 += 1
                    return $0
                }
                // The first one is answered when nobody waits for it any more.
                if number == 1 { _ = mayAnswer.wait(timeout: .now() + 60) }
                return nil
            }
            defer { api.server.stop() }
            try await OrchestratorFixture.run(file: api.file()) { fixture in
                let first = try await fixture.start(OrchestratorFixture.configuration("a", lease: Self.lease, shutdownGrace: .zero))
                let id = try await fixture.submit("a")
                try await eventually(within: OrchestratorFixture.deadline, "the step is under way") { api.count(SteppedAPI.start) == 1 }
                await first.cancel()
                mayAnswer.signal()
                #expect(try await fixture.job(id).state.status == .polling)
                try await fixture.withOrchestrator(OrchestratorFixture.configuration("b", lease: Self.lease)) { _ in
                    try await fixture.reach(.processing, jobs: [id])
                }
            }
            #expect(api.count(SteppedAPI.create) == 1)
            #expect(api.count(SteppedAPI.query) == 1, "what was reached is stored")
            #expect(api.count(SteppedAPI.start) == 2)
            #expect(api.count(SteppedAPI.convert) == 1)
        }

        @Test("fails the job with the code of a step that cannot succeed; a retry goes on at that step") func permanent() async throws {
            let refusal = StubResponse.json(#"{"code":"NO_SUCH_FORMAT","reason":"csv is not offered"}"#, status: 422)
            let api = try SteppedAPI { $0 == SteppedAPI.convert ? refusal : nil }
            defer { api.server.stop() }
            let rule = "{ when: '.response.status == 422', class: permanent, code: .response.body.code, message: .response.body.reason }"
            try await OrchestratorFixture.run(file: api.file("errors: [\(rule)]")) { fixture in
                try await fixture.withOrchestrator { _ in
                    let id = try await fixture.submit("a")
                    let error = try await fixture.failure(of: id)
                    #expect(error.code == "no-such-format")
                    #expect(error.message.contains("csv is not offered"), "\(error.message)")
                    #expect(api.count(SteppedAPI.convert) == 1, "it is not repeated")
                    api.change { _ in nil }
                    #expect(try await fixture.interpreter.retry(id) == .retried(.polling))
                    try await fixture.reach(.processing, jobs: [id])
                    #expect(try await fixture.job(id).error == nil)
                }
            }
            for line in [SteppedAPI.create, SteppedAPI.query, SteppedAPI.start] { #expect(api.count(line) == 1, "\(line)") }
            #expect(api.count(SteppedAPI.exported) == 2, "the wait before it is over")
            #expect(api.count(SteppedAPI.convert) == 2)
        }

        @Test("asks again for a step that failed and may succeed") func transient() async throws {
            let starts = Mutex(0)
            let api = try SteppedAPI { line in
                guard line == SteppedAPI.start else { return nil }
                let number = starts.withLock {
                    $0 += 1
                    return $0
                }
                return number < 3 ? .text("busy", status: 500) : nil
            }
            defer { api.server.stop() }
            try await OrchestratorFixture.run(file: api.file()) { fixture in
                try await fixture.withOrchestrator { _ in
                    let id = try await fixture.submit("a")
                    try await fixture.reach(.processing, jobs: [id])
                    let failures = try await fixture.store.history(of: id).filter { $0.what == "!" }
                    #expect(failures.map(\.detail) == ["http-500", "http-500"])
                }
            }
            #expect(api.count(SteppedAPI.create) == 1)
            #expect(api.count(SteppedAPI.start) == 3)
        }

        @Test("notes where it is while a step is ahead") func notes() async throws {
            let api = try SteppedAPI { $0 == SteppedAPI.exported ? .json(#"{"state":"RUNNING"}"#) : nil }
            defer { api.server.stop() }
            try await OrchestratorFixture.run(file: api.file()) { fixture in
                try await fixture.withOrchestrator { _ in
                    let id = try await fixture.submit("a")
                    try await eventually(within: OrchestratorFixture.deadline, "some checks") { api.count(SteppedAPI.exported) > 2 }
                    let handle = ExportHandle(try await fixture.job(id).exportHandle.unwrapped("handle"))
                    #expect(handle.step == 2)
                    #expect(handle.values == #"{"id":"e-1"}"#)
                }
            }
        }

        @Test("notes nothing of an export that has none, and whose age has no bound") func noNotes() async throws {
            let api = try ScriptedAPI { step, _ in step == .status ? .json(#"{"status":"RUNNING"}"#) : nil }
            defer { api.server.stop() }
            try await OrchestratorFixture.run(file: api.file("polling: { policy: fixed, interval: 50ms }")) { fixture in
                try await fixture.withOrchestrator { _ in
                    let id = try await fixture.submit("a")
                    try await eventually(within: OrchestratorFixture.deadline, "some checks") { api.count(.status) > 2 }
                    let handle = ExportHandle(try await fixture.job(id).exportHandle.unwrapped("handle"))
                    #expect(handle.step == nil && handle.runningAfter == nil && handle.partial == nil)
                    #expect(handle.values == #"{"id":"a"}"#)
                }
            }
        }
    }
}
