import ExportCore
import TestServers
import Testing

extension OrchestratorSuites {
    @Suite("ends a job whose provider cancels exports in some states only") struct CancelStateTests {
        private static let cancel = #"cancel: { request: "DELETE /exports/{{ .export.id }}", states: [queued] }"#
        private static let polling = "polling: { policy: fixed, interval: 50ms }"

        private static func file(_ api: ScriptedAPI) -> String {
            api.file(cancel, polling).replacing("states: { running", with: "states: { queued: QUEUED, running")
        }

        /// The requests that cancel.
        private static func cancels(_ server: StubServer) -> [String] { server.lines.filter { $0.hasPrefix("DELETE ") } }

        private static func api(_ status: String) throws -> ScriptedAPI {
            try ScriptedAPI { step, _ in step == .status ? .json("{\"status\":\"\(status)\"}") : nil }
        }

        @Test("and cancels one that is queued") func queued() async throws {
            let api = try Self.api("QUEUED")
            defer { api.server.stop() }
            try await OrchestratorFixture.run(file: Self.file(api)) { fixture in
                try await fixture.withOrchestrator { _ in
                    let id = try await fixture.submit("a")
                    try await eventually(within: OrchestratorFixture.deadline, "a check") { api.count(.status) > 0 }
                    #expect(try await fixture.store.cancel(id) == .asked)
                    let error = try await fixture.failure(of: id)
                    #expect(error == JobError(code: "cancelled", message: "cancelled on request"))
                }
            }
            #expect(Self.cancels(api.server) == ["DELETE /exports/a"])
        }

        @Test("and leaves one that runs, which the error says") func running() async throws {
            let api = try Self.api("RUNNING")
            defer { api.server.stop() }
            try await OrchestratorFixture.run(file: Self.file(api)) { fixture in
                try await fixture.withOrchestrator { _ in
                    let id = try await fixture.submit("a")
                    try await eventually(within: OrchestratorFixture.deadline, "a check") { api.count(.status) > 0 }
                    #expect(try await fixture.store.cancel(id) == .asked)
                    let error = try await fixture.failure(of: id)
                    #expect(error.code == "cancelled")
                    #expect(error.message.contains("may still run"), "\(error.message)")
                    #expect(error.message.hasSuffix("the provider cancels no export that is running"), "\(error.message)")
                }
            }
            #expect(Self.cancels(api.server).isEmpty)
        }

        @Test("and asks for nothing more when its export is over, or not known any more", arguments: [200, 404])
        func over(status: Int) async throws {
            let api = try ScriptedAPI { step, _ in step == .status ? .json(#"{"status":"DONE"}"#, status: status) : nil }
            defer { api.server.stop() }
            try await OrchestratorFixture.run(file: Self.file(api)) { fixture in
                // Cancelled before anybody has noticed that the export is over.
                let id = try await fixture.polling(of: "a").id
                #expect(try await fixture.store.cancel(id) == .asked)
                try await fixture.withOrchestrator { _ in
                    let error = try await fixture.failure(of: id)
                    #expect(error == JobError(code: "cancelled", message: "cancelled on request"))
                }
            }
            #expect(api.count(.status) == 1)
            #expect(Self.cancels(api.server).isEmpty)
        }

        @Test("and waits for the state while it cannot be asked for") func unknown() async throws {
            let api = try Self.api("QUEUED")
            defer { api.server.stop() }
            try await OrchestratorFixture.run(file: Self.file(api) + "retry: { attempts: 1000, base: 10ms, cap: 50ms }\n") { fixture in
                try await fixture.withOrchestrator { _ in
                    let id = try await fixture.submit("a")
                    try await eventually(within: OrchestratorFixture.deadline, "a check") { api.count(.status) > 0 }
                    api.change { step, _ in step == .status ? .text("busy", status: 500) : nil }
                    #expect(try await fixture.store.cancel(id) == .asked)
                    try await eventually(within: OrchestratorFixture.deadline, "a failed attempt") {
                        try await fixture.store.history(of: id).contains { $0.what == "!" && $0.detail == "cancel: http-500" }
                    }
                    api.change { step, _ in step == .status ? .json(#"{"status":"QUEUED"}"#) : nil }
                    #expect(try await fixture.failure(of: id).message == "cancelled on request")
                }
            }
            #expect(Self.cancels(api.server).count == 1)
        }

        @Test("and sends no step that would start the export, but cancels it") func stepAhead() async throws {
            let busy = StubResponse.text("busy", status: 429, headers: ["Retry-After": "60"])
            let api = try SteppedAPI { $0 == SteppedAPI.start ? busy : nil }
            defer { api.server.stop() }
            try await OrchestratorFixture.run(file: api.file(Self.cancel)) { fixture in
                try await fixture.withOrchestrator { _ in
                    let id = try await fixture.submit("a")
                    try await eventually(within: OrchestratorFixture.deadline, "the step is put off") {
                        try await fixture.store.history(of: id).contains { $0.what == "!" && $0.detail == "http-429" }
                    }
                    api.change { _ in nil }
                    #expect(try await fixture.store.cancel(id) == .asked)
                    let code = try await fixture.failure(of: id).code
                    #expect(code == "cancelled")
                }
            }
            #expect(api.count(SteppedAPI.start) == 1, "the export was not started to learn its state")
            #expect(Self.cancels(api.server) == ["DELETE /exports/e-1"])
        }
    }
}
