import ExportCore
import JobMessages
import Testing

extension OrchestratorSuites {
    @Suite("takes a job message and") struct ExportTests {
        @Test("brings its export's files to the workers") func wholeWay() async throws {
            try await OrchestratorFixture.run(sandbox: ["duration": "fixed:300ms"]) { fixture in
                try await fixture.withOrchestrator { _ in
                    let id = try await fixture.submit("a", order: #"{"files":3}"#)
                    let messages = try await fixture.downloads(3)
                    #expect(messages.map(\.task) == (0..<3).map { .file($0, token: 0) })
                    #expect(messages.allSatisfy { $0.id == id && $0.correlationID == "a" })
                    try await fixture.reach(.processing, jobs: [id])
                    let job = try await fixture.job(id)
                    #expect(job.state.filesTotal == 3)
                    #expect(job.lastPollAt != nil)
                    let statuses = try await fixture.store.history(of: id).map(\.what).filter { JobStatus(rawValue: $0) != nil }
                    #expect(statuses == ["PENDING", "POLLING", "READY", "PROCESSING"])
                }
                #expect(try await fixture.depth(QueueNames.downloads(.normal)) == 0)
            }
        }

        @Test("lists an export of many pages, each file once") func pages() async throws {
            try await OrchestratorFixture.run(sandbox: ["page-size": "2"]) { fixture in
                try await fixture.withOrchestrator { _ in
                    let id = try await fixture.submit("a", order: #"{"files":7}"#, priority: .high)
                    let messages = try await fixture.downloads(7, .high)
                    #expect(messages.map(\.task) == (0..<7).map { .file($0, token: 0) })
                    try await fixture.reach(.processing, jobs: [id])
                }
                #expect(try await fixture.exports().map(\.requests.files) == [4])
            }
        }

        @Test("asks for the manifest of an empty export at once") func empty() async throws {
            try await OrchestratorFixture.run { fixture in
                try await fixture.withOrchestrator { _ in
                    let id = try await fixture.submit("a", order: #"{"emptyExport":true}"#)
                    #expect(try await fixture.downloads(1).map(\.task) == [.manifest])
                    try await fixture.reach(.processing, jobs: [id])
                    #expect(try await fixture.job(id).state.filesTotal == 0)
                }
            }
        }

        @Test("fails the job with the provider's reason when the export fails") func failed() async throws {
            try await OrchestratorFixture.run { fixture in
                try await fixture.withOrchestrator { _ in
                    let error = try await fixture.failure(of: fixture.submit("a", order: #"{"failExport":true}"#))
                    #expect(error.code == "quota-exceeded")
                    #expect(error.message.hasSuffix("has too many rows"))
                }
                #expect(try await fixture.depth(QueueNames.downloads(.normal)) == 0)
            }
        }

        @Test("gives an export up whose status nobody knows, after five checks") func unknownStatus() async throws {
            try await OrchestratorFixture.run { fixture in
                try await fixture.withOrchestrator { _ in
                    let error = try await fixture.failure(of: fixture.submit("a", order: #"{"faults":{"unknownStatus":"100%"}}"#))
                    #expect(error.code == "unknown-status")
                    #expect(error.message.contains("MYSTERY"))
                }
                #expect(try await fixture.exports().map(\.requests.status) == [5])
            }
        }

        @Test("waits out a status that nobody knows when the next one is known") func passingUnknownStatus() async throws {
            try await OrchestratorFixture.run { fixture in
                try await fixture.withOrchestrator { _ in
                    try await fixture.reach(.processing, jobs: [fixture.submit("a", order: #"{"faults":{"unknownStatus":2}}"#)])
                }
            }
        }

        @Test("gives an export up that is not ready within the longest wait") func maxWait() async throws {
            let polling = "polling: { policy: fixed, interval: 100ms, maxWait: 1s }"
            try await OrchestratorFixture.run(sandbox: ["duration": "fixed:1h"], provider: [polling]) { fixture in
                try await fixture.withOrchestrator { _ in
                    let error = try await fixture.failure(of: fixture.submit("a"))
                    #expect(error.code == "max-wait-exceeded")
                }
            }
        }

        @Test("refuses a file list that is longer than allowed") func tooManyFiles() async throws {
            try await OrchestratorFixture.run(sandbox: ["page-size": "4"]) { fixture in
                try await fixture.withOrchestrator(OrchestratorFixture.configuration(maxFiles: 6)) { _ in
                    let error = try await fixture.failure(of: fixture.submit("a", order: #"{"files":9}"#))
                    #expect(error.code == "too-many-files")
                }
            }
        }
    }
}
