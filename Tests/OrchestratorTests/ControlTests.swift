import ExportCore
import JobStore
import TestServers
import Testing

extension OrchestratorSuites {
    @Suite("ends a job on request") struct CancelTests {
        private static let cancel = "cancel: DELETE /exports/{{ .export.id }}"

        @Test("and its export at the provider, trying again while that cannot be told") func cancelled() async throws {
            try await OrchestratorFixture.run(sandbox: ["duration": "fixed:1h"], provider: [Self.cancel]) { fixture in
                try await fixture.withOrchestrator { _ in
                    let id = try await fixture.submit("a", order: #"{"faults":{"cancel:500":2}}"#)
                    try await fixture.reach(.polling, jobs: [id])
                    #expect(try await fixture.store.cancel(id) == .asked)
                    #expect(try await fixture.failure(of: id) == JobError(code: "cancelled", message: "cancelled on request"))
                    #expect(
                        try await fixture.store.history(of: id).filter { $0.what == "!" }.map(\.detail) == [
                            "cancel: http-500", "cancel: http-500",
                        ])
                }
                #expect(try await fixture.statistics().requests["cancel"] == 3)
            }
        }

        @Test("also where the provider cannot be told at all, and says so") func untold() async throws {
            try await OrchestratorFixture.run(sandbox: ["duration": "fixed:1h"], provider: [Self.cancel]) { fixture in
                try await fixture.withOrchestrator { _ in
                    let id = try await fixture.submit("a", order: #"{"faults":{"cancel:500":"100%"}}"#)
                    try await fixture.reach(.polling, jobs: [id])
                    _ = try await fixture.store.cancel(id)
                    let error = try await fixture.failure(of: id)
                    #expect(error.code == "cancelled")
                    #expect(error.message.contains("may still run"))
                }
            }
        }

        @Test("that waits for its creation, without any request") func pending() async throws {
            try await OrchestratorFixture.run(provider: ["limits: { creates: 1/h burst 1 }", Self.cancel]) { fixture in
                try await fixture.withOrchestrator { _ in
                    try await fixture.reach(.processing, jobs: [fixture.submit("first")])
                    let id = try await fixture.submit("a")
                    try await fixture.reach(.pending, jobs: [id])
                    _ = try await fixture.store.cancel(id)
                    #expect(try await fixture.failure(of: id).code == "cancelled")
                }
                #expect(try await fixture.statistics().requests["cancel", default: 0] == 0)
                #expect(try await fixture.statistics().exports.created == 1)
            }
        }
    }

    @Suite("takes a failed job up again") struct JobRetryTests {
        @Test("where it failed, with the export that runs") func resumed() async throws {
            try await OrchestratorFixture.run { fixture in
                try await fixture.withOrchestrator { _ in
                    let id = try await fixture.submit("a", order: #"{"faults":{"status:500":7}}"#)
                    #expect(try await fixture.failure(of: id).code == "http-500")
                    #expect(try await fixture.interpreter.retry(id) == .retried(.polling))
                    try await fixture.reach(.processing, jobs: [id])
                    #expect(try await fixture.job(id).error == nil)
                }
                #expect(try await fixture.statistics().exports.created == 1)
            }
        }

        @Test("with a new export, under a key of its own, on request") func fromStart() async throws {
            try await OrchestratorFixture.run { fixture in
                try await fixture.withOrchestrator { _ in
                    let id = try await fixture.submit("a", order: #"{"faults":{"status:500":6}}"#)
                    _ = try await fixture.failure(of: id)
                    #expect(try await fixture.interpreter.retry(id, fromStart: true) == .retried(.pending))
                    _ = try await fixture.failure(of: id)
                }
                #expect(try await fixture.exports().map(\.idempotencyKey) == ["a", "a.1"])
            }
        }
    }
}
