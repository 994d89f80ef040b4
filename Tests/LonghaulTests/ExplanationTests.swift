import ExportCore
import JobStore
import Testing

@testable import longhaul

@Suite("longhaul explain") struct ExplanationTests {
    private static let now: Int64 = 10_000_000

    /// A job that was admitted an hour ago.
    private static func explain(
        _ state: JobState, error: JobError? = nil, due: Int64? = 30_000, isInLine: Bool = false, lastPoll: Int64? = nil,
        history: [HistoryEntry] = [], usual: Duration? = nil, cancel: Bool = false, hold: String? = nil
    ) async throws -> (why: String, next: String) {
        let id = try #require(JobID("orders"))
        let job = Job(
            request: JobRequest(id: id, provider: "acme"), state: state, createdAt: now - 3_600_000, lastPollAt: lastPoll.map { now - $0 },
            expiresAt: now + 1000, error: error, isCancelRequested: cancel)
        var health = ProviderHealth()
        if let hold { health.breaker.hold(code: "http-401", message: hold, policy: BreakerPolicy(), now: now) }
        let record = JobRecord(
            job: job, history: history, answers: [], due: DueTime(at: due.map { now + $0 }, now: now, isInLine: isInLine),
            provider: ProviderCondition(StoredHealth(health: health, version: 1, now: now)), waitingFile: nil, usual: usual)
        let explanation = Explanation(record: record, objects: ObjectsLocation(job, try await Settings.load(file: nil, environment: [:])))
        return (explanation.why, explanation.next)
    }

    @Test("tells of a wait: for how long, what the last check found, and when the next one is") func polling() async throws {
        let history = [
            HistoryEntry(at: 0, what: "PENDING", detail: ""), HistoryEntry(at: 3_000_000, what: "POLLING", detail: ""),
            HistoryEntry(at: 3_500_000, what: "~", detail: "running 40% (3 checks)"),
        ]
        let state = JobState(status: .polling, attempts: 4, waited: .seconds(576))
        let (why, next) = try await Self.explain(state, due: 130_000, lastPoll: 80_000, history: history, usual: .seconds(720))
        #expect(
            why == """
                The export at acme has been running for 10m00s and is not ready: the last of 4 checks, 1m20s ago, found "running 40% (3 checks)".
                """)
        #expect(next == "The next check is in 2m10s; an export of acme usually takes 12m00s, of which 80 % have passed.")
    }

    @Test("tells of failures, of a held provider, and of a cancellation") func trouble() async throws {
        let state = JobState(status: .polling, attempts: 1, failures: 2)
        let history = [HistoryEntry(at: 3_500_000, what: "!", detail: "http-503")]
        let (why, next) = try await Self.explain(state, due: -5, history: history)
        #expect(why.hasSuffix("; 2 failures in a row, the last failure: http-503."))
        #expect(next == "The next attempt is due now.")
        #expect(
            try await Self.explain(state, hold: "GET https://x answered 401").why.contains(
                "; checks wait: GET https://x answered 401 (held since "))
        #expect(try await Self.explain(state, cancel: true).why.hasPrefix("The cancellation of the export at acme"))
    }

    @Test("tells of the line, of the transfer and of the end") func others() async throws {
        let waiting = try await Self.explain(JobState(status: .pending), isInLine: true)
        #expect(
            waiting.why == "orders was admitted 1h00m ago, and waits for its start at acme: for its turn among the jobs of its provider.")
        #expect(waiting.next.hasPrefix("It is started as soon as acme and its limits allow"))

        let transfer = try await Self.explain(JobState(status: .processing, filesTotal: 5, filesDone: 3))
        #expect(transfer.why.hasPrefix("3 of 5 files of orders are stored, and workers have been at the others for "))
        #expect(transfer.next == "That is the work of a worker; if it is lost, the job's timer brings it back in 30s.")

        let done = try await Self.explain(
            JobState(status: .completed, filesTotal: 5, filesDone: 5), due: nil,
            history: [HistoryEntry(at: 1_200_000, what: "COMPLETED", detail: "5 files")])
        #expect(done.why.hasPrefix("orders was completed 20m00s after its admission: 5 files at "))
        #expect(done.next.hasPrefix("Nothing happens any more"))

        let failed = try await Self.explain(
            JobState(status: .failed, resumeAt: .processing), error: JobError(code: "http-403", message: "no entry"), due: nil)
        #expect(failed.why == "orders failed with http-403: no entry.")
        #expect(failed.next.hasPrefix("`longhaul retry orders` continues at PROCESSING, until "))
    }
}
