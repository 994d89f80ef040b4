import ExportCore
import JobStore
import TestServers
import Testing

@Suite("A request to cancel a job", .needsServers) struct CancelTests {
    @Test("brings a job that waits or polls to whoever ends it, at once", arguments: [false, true]) func asked(polling: Bool) async throws {
        try await TestStore.run { test in
            let id = polling ? try await test.polling("a").id : try await test.admit("a")
            #expect(try await test.store.cancel(id) == .asked)
            let wake = try #require(try await test.wakes().first)
            #expect(wake.isCancelRequested)
            #expect(wake.state.status == (polling ? .polling : .pending))
            #expect(try await test.start().isEmpty, "it is not started any more")
            let job = try #require(try await test.store.job(id))
            try await test.decide(.cancelled, job.claimed)
            #expect(try await test.store.cancel(id) == .over(.failed))
            #expect(try await test.store.job(id)?.error?.code == "cancelled")
        }
    }

    @Test("waits for the answer to a creation that is on its way") func duringCreation() async throws {
        try await TestStore.run { test in
            let id = try await test.admit("a")
            let job = try #require(try await test.start().first)
            #expect(try await test.store.cancel(id) == .asked)
            #expect(try await test.wakes().isEmpty)
            let outcome = try await test.decide(.created(PollHints()), job, handle: #"{"id":"e1"}"#)
            #expect(outcome == .applied(version: job.version + 1), "the export's name is not lost")
            let wake = try #require(try await test.wakes().first)
            #expect(wake.isCancelRequested)
            #expect(wake.exportHandle == #"{"id":"e1"}"#)
        }
    }

    @Test("of an unknown job says so") func unknown() async throws {
        try await TestStore.run { test in
            let id = try #require(JobID("nobody"))
            #expect(try await test.store.cancel(id) == .unknown)
        }
    }
}
