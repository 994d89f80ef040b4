import ExportCore
import TestServers
import Testing

@testable import JobStore

@Suite("What the store writes, it reads", .needsServers) struct CodecTests {
    private static let requests: [(correlationID: String?, webhook: String?, traceparent: String?, priority: JobPriority)] = [
        (nil, nil, nil, .normal), ("c", "https://x.example/hook", "00-1-2-01", .high),
    ]

    @Test("a request as one field") func packedRequest() throws {
        let id = try #require(JobID("a"))
        for (correlationID, webhook, traceparent, priority) in Self.requests {
            let request = JobRequest(
                id: id, provider: "acme", parameters: "{\"a\":\"\t ä\"}", priority: priority, tenant: "t", correlationID: correlationID,
                webhook: webhook, traceparent: traceparent)
            let read = JobRequest(id: id, packed: request.packed, priority: priority, webhook: webhook, traceparent: traceparent)
            #expect(read == request)
        }
        #expect(JobRequest(id: id, packed: "acme\tt\t", priority: .normal, webhook: nil, traceparent: nil) == nil)
    }

    @Test("a job's hash, from its admission on") func jobHash() async throws {
        try await TestStore.run { test in
            let id = try #require(JobID("a"))
            let request = JobRequest(
                id: id, provider: "acme", parameters: #"{"report":"orders"}"#, priority: .low, tenant: "t", correlationID: "c",
                webhook: "https://x.example/hook", traceparent: "00-1-2-01")
            _ = try await test.store.admit([request], watchdog: TestStore.watchdog)
            var job = try #require(try await test.store.job(id))
            #expect(job == Job(request: request, createdAt: job.createdAt))
            let claimed = try #require(try await test.start().first)
            #expect(claimed.request == request)
            var state = JobState(
                status: .polling, attempts: 1, failures: 2, unusableAnswers: 3, creation: 4, recreations: 5, createIsUncertain: true)
            let error = JobError(code: "broken", message: "it broke")
            let decision = JobDecision(state: state, timer: .after(.seconds(60)), error: error)
            let outcome = try await test.apply(
                JobChange(claimed, decision, isCheck: true, exportHandle: #"{"id":"e1"}"#, mayBeCreatedTwice: true))
            #expect(outcome == .applied(version: 2))
            job = try #require(try await test.store.job(id))
            state.waited = job.state.waited
            let last = try #require(job.lastPollAt)
            #expect(
                job
                    == Job(
                        request: request, version: 2, state: state, createdAt: job.createdAt, lastPollAt: last, nextPollAt: last + 60_000,
                        error: error, mayBeCreatedTwice: true, exportHandle: #"{"id":"e1"}"#))
        }
    }

    @Test(
        "the progress of a job, and nothing that is none",
        arguments: ["1\t2\t3\t4\t5\t6\t7", "1\t2\t3\t4\t5\t6", "x\t2\t3\t4\t5\t6\t7", ""])
    func progress(text: String) throws {
        guard let progress = JobProgress(text) else { return #expect(text != "1\t2\t3\t4\t5\t6\t7") }
        #expect((progress.version, progress.claims, progress.lastPollAt, progress.nextPollAt) == (1, 2, 6, 7))
        let state = JobState(
            status: .polling, attempts: progress.attempts, failures: progress.failures, unusableAnswers: progress.unusableAnswers)
        #expect(JobProgress.counts(state) == "3\t4\t5")
    }

    @Test("the state of a file") func fileState() {
        let states: [FileState] = [
            .listed(token: 5), .queued(token: 7, since: 1_795_853_057_006, copies: 2), .queued(token: 0, since: 0, copies: 0),
            .leased(token: 1),
            .backoff(token: 2), .stored(token: 3), .failed(token: 4),
        ]
        #expect(Set(states.map(\.kind)) == Set(FileState.Kind.allCases))
        for state in states {
            #expect(FileState(text: state.text) == state)
            #expect(state.text.hasPrefix(state.mark))
        }
        #expect(FileState.queued(token: 1, since: nil, copies: 0).text == "queued 1 now 0", "the script puts its time there")
        for text in ["", "queued", "queued 1", "queued 1 2", "leased x", "leased 1 2", "listed 1 2", "asleep 1"] {
            #expect(FileState(text: text) == nil)
        }
    }

    @Test("why a file failed, in one line") func errorLine() {
        for error in [JobError(code: "http-503", message: "file x: busy, again"), JobError(code: "timeout", message: "")] {
            #expect(JobError(line: error.line) == error)
        }
        #expect(JobError(code: "x", message: "two\nlines").line == "x two lines")
        #expect(JobError(line: "") == nil)
    }

    @Test("a taken job") func entry() throws {
        let job = WaitingJob(id: try #require(JobID("a")), provider: "acme", priority: .high, tenant: "t u", since: 7)
        #expect(WaitingJob(entry: job.entry, of: "acme", since: 7) == job)
        for entry in ["", "high\ta", "odd\tt\ta", "high\tt\t"] { #expect(WaitingJob(entry: entry, of: "acme", since: 7) == nil) }
    }
}
