import ExportCore
import JobMessages
import JobStore
import TestServers
import Testing

extension OrchestratorSuites {
    @Suite("creates an export once") struct CreateTests {
        private static let find =
            #"find: { request: GET /exports, query: { idempotencyKey: "{{ .job.idempotencyKey }}" }, when: "(.response.body.exports | length) > 0", export: { id: ".response.body.exports[0].id" } }"#
        private static let keyless = #"create: { request: POST /exports, json: "{{ .parameters }}", export: { id: .response.body.id } }"#

        @Test("by looking for the export of a create whose answer was lost") func find() async throws {
            try await OrchestratorFixture.run(provider: [Self.find]) { fixture in
                try await fixture.withOrchestrator { _ in
                    let id = try await fixture.submit("a", order: #"{"faults":{"create:lostAnswer":1}}"#)
                    try await fixture.reach(.processing, jobs: [id])
                    #expect(try await fixture.entry("POLLING", id).detail == "adopted")
                    #expect(try await !fixture.job(id).mayBeCreatedTwice)
                }
                let statistics = try await fixture.statistics()
                #expect((statistics.exports.created, statistics.exports.replayed) == (1, 0))
            }
        }

        @Test("by looking for the export of a creator that died before it could tell") func death() async throws {
            try await OrchestratorFixture.run(provider: [Self.find]) { fixture in
                let id = try await fixture.polling(["a"])[0]
                // As if the answer had come and its reader had died.
                let other = try JobID("b").unwrapped("name")
                _ = try await fixture.store.admit([JobRequest(id: other, provider: "acme", correlationID: "b")], watchdog: .seconds(60))
                let taken = try await fixture.store.take(from: "acme", limit: 10, limits: StartLimits())
                _ = try await fixture.store.start(taken.ids, lease: .milliseconds(100))
                try await fixture.createExport(other)
                try await fixture.withOrchestrator { _ in try await fixture.reach(.processing, jobs: [id, other]) }
                #expect(try await fixture.entry("POLLING", other).detail == "adopted")
                let statistics = try await fixture.statistics()
                #expect((statistics.exports.created, statistics.exports.replayed) == (2, 0))
            }
        }

        @Test("or, where the provider offers nothing for it, says that there may be two") func nothingOffered() async throws {
            try await OrchestratorFixture.run(provider: [Self.keyless]) { fixture in
                try await fixture.withOrchestrator { _ in
                    let sure = try await fixture.submit("sure")
                    let unsure = try await fixture.submit("unsure", order: #"{"faults":{"create:lostAnswer":1}}"#)
                    try await fixture.reach(.polling, .processing, .ready, .failed, jobs: [sure])
                    try await eventually(within: OrchestratorFixture.deadline, "the second one is noted") {
                        try await fixture.job(unsure).mayBeCreatedTwice
                    }
                    #expect(try await !fixture.job(sure).mayBeCreatedTwice)
                }
            }
        }

        @Test("again when it failed at the provider, as often as the provider file says, each time with a new key") func recreated()
            async throws
        {
            try await OrchestratorFixture.run(provider: ["recreate: { attempts: 2, after: 50ms }"]) { fixture in
                try await fixture.withOrchestrator { _ in
                    let id = try await fixture.submit("a", order: #"{"faults":{"failedExport":"100%"}}"#)
                    #expect(try await fixture.failure(of: id).code == "quota-exceeded")
                    #expect(
                        try await fixture.store.history(of: id).filter { $0.what == "PENDING" }.map(\.detail) == [
                            "", "quota-exceeded", "quota-exceeded",
                        ])
                }
                #expect(try await fixture.exports().map(\.idempotencyKey) == ["a", "a.1", "a.2"])
            }
        }
    }

    @Suite("decides about files that were given up") struct FileFailureTests {
        /// What a worker does with a file, as the machine decides: the test plays the worker.
        private func end(_ index: Int, of id: JobID, _ event: FileEvent, _ fixture: OrchestratorFixture) async throws {
            let machine = FileMachine(rules: .init(retry: RetryPolicy(attempts: 1), lease: .seconds(60)))
            let queued = FileState.queued(token: 0, since: nil, copies: 0)
            let claim = try machine.decide(.claimed(isTimerDue: false), in: queued).unwrapped("claim")
            guard case .claimed(let file) = try await fixture.store.claimFile(index, of: id, from: queued, decision: claim) else {
                throw FixtureError("file \(index) was not claimed")
            }
            let decision = try machine.decide(event, in: file.state).unwrapped("decision")
            _ = try await fixture.store.applyFile(decision, to: file).unwrapped("lease")
        }

        private func fail(_ files: [Int], of id: JobID, _ fixture: OrchestratorFixture) async throws {
            let failure = Failure(.corrupt, code: "checksum-mismatch", message: "wrong")
            for index in files { try await end(index, of: id, .failed(failure, attempt: 1), fixture) }
        }

        @Test("by failing the job, with the file's reason; only a job that fails of itself leaves a letter") func fails() async throws {
            try await OrchestratorFixture.run { fixture in
                try await fixture.withOrchestrator { _ in
                    let id = try await fixture.submit("a")
                    try await fixture.reach(.processing, jobs: [id])
                    try await fail([1], of: id, fixture)
                    #expect(try await fixture.failure(of: id).code == "checksum-mismatch")
                    #expect(try await fixture.depth(QueueNames.deadJobs) == 0, "the worker's letter about the file stands for the job")
                    let other = try await fixture.submit("b", order: #"{"failExport":true}"#)
                    #expect(try await fixture.failure(of: other).code == "quota-exceeded")
                }
                let letter = DeadLetterRecord(try await fixture.receive(1, from: QueueNames.deadJobs)[0])
                #expect((letter.kind, letter.reason, letter.job?.text, letter.provider) == (.job, "quota-exceeded", "b", "acme"))
                #expect(try JobMessage.decode(letter.body).id.text == "b")
                #expect(try await fixture.depth(QueueNames.deadJobs) == 0)
            }
        }

        @Test("by going on without them where the provider file says so, unless none is left") func skips() async throws {
            try await OrchestratorFixture.run(provider: ["onFileFailure: skip"]) { fixture in
                try await fixture.withOrchestrator { _ in
                    let (some, all) = (try await fixture.submit("some"), try await fixture.submit("all"))
                    try await fixture.reach(.processing, jobs: [some, all])
                    _ = try await fixture.downloads(4)
                    try await end(0, of: some, .stored, fixture)
                    try await fail([1], of: some, fixture)
                    let message = try await fixture.downloads(1)[0]
                    #expect((message.id, message.task) == (some, .manifest))
                    try await fail([0, 1], of: all, fixture)
                    #expect(try await fixture.failure(of: all).code == "checksum-mismatch")
                }
            }
        }
    }
}
