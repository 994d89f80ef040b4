import ExportCore
import JobStore
import Testing

@testable import longhaul

@Suite("longhaul explain") struct ExplanationTests {
    private static let now: Int64 = 10_000_000

    /// A job that was admitted an hour ago.
    private static func explain(
        _ state: JobState, error: JobError? = nil, due: Int64? = 30_000, isInLine: Bool = false, lastPoll: Int64? = nil,
        history: [HistoryEntry] = [], usual: Duration? = nil, cancel: Bool = false, file: WaitingFile? = nil,
        health change: (inout ProviderHealth) -> Void = { _ in }
    ) async throws -> (why: String, next: String) {
        let id = try #require(JobID("orders"))
        let job = Job(
            request: JobRequest(id: id, provider: "acme"), state: state, createdAt: now - 3_600_000, lastPollAt: lastPoll.map { now - $0 },
            expiresAt: now + 1000, error: error, isCancelRequested: cancel)
        var health = ProviderHealth()
        change(&health)
        let record = JobRecord(
            job: job, history: history, answers: [], due: DueTime(at: due.map { now + $0 }, now: now, isInLine: isInLine),
            provider: ProviderCondition(StoredHealth(health: health, version: 1, now: now)), waitingFile: file, usual: usual)
        let explanation = Explanation(record: record, objects: ObjectsLocation(job, try await Settings.load(file: nil, environment: [:])))
        return (explanation.why, explanation.next)
    }

    @Test("tells of a wait: for how long, what the last check found, and when the next one is") func polling() async throws {
        let history = [
            HistoryEntry(at: 0, what: "PENDING", detail: ""), HistoryEntry(at: 3_000_000, what: "POLLING", detail: ""),
            HistoryEntry(at: 3_500_000, what: "~", detail: "running 40% (3 checks)"),
        ]
        let state = JobState(status: .polling, attempts: 4)
        let (why, next) = try await Self.explain(state, due: 130_000, lastPoll: 80_000, history: history, usual: .seconds(720))
        #expect(
            why == """
                The export at acme has been running for 10m00s and is not ready: the last of 4 checks, 1m20s ago, found "running 40% (3 checks)".
                """)
        #expect(next == "The next check is in 2m10s; an export of acme usually takes 12m00s, of which 83 % have passed.")
        let long = try await Self.explain(state, due: 130_000, history: history, usual: .seconds(300))
        #expect(long.next == "The next check is in 2m10s; an export of acme usually takes 5m00s, and this one takes longer.")
        let unknown = try await Self.explain(state, due: 130_000, usual: .seconds(300))
        #expect(unknown.next == "The next check is in 2m10s.", "nothing says when the export began")
    }

    private static func open(_ health: inout ProviderHealth, for time: Duration) {
        let policy = BreakerPolicy(minimumRequests: 1, openFor: time)
        health.breaker.record(RequestTally(requests: 4, failures: 4), policy: policy, now: now)
    }

    @Test("tells one time, the later one of the job's own and the provider's") func heldBack() async throws {
        let polling = JobState(status: .polling, attempts: 1)
        let open = try await Self.explain(polling, due: 30_000) { Self.open(&$0, for: .seconds(240)) }
        #expect(open.why.hasSuffix("; checks wait: the circuit breaker is open since 1970-01-01 02:46:40: 4 of 4 requests failed."))
        #expect(open.next == "The next check is in 4m00s at the earliest, when acme is asked again.")
        let later = try await Self.explain(polling, due: 300_000) { Self.open(&$0, for: .seconds(240)) }
        #expect(later.next == "The next check is in 5m00s.")
        let paused = try await Self.explain(polling, due: 30_000) { $0.pause(.check, for: .seconds(90), now: Self.now) }
        #expect(paused.why.hasSuffix("; checks wait: check requests pause."))
        #expect(paused.next == "The next check is in 1m30s at the earliest, when acme is asked again.")
        let other = try await Self.explain(polling, due: 30_000) { $0.pause(.create, for: .seconds(90), now: Self.now) }
        #expect(!other.why.contains("pause") && other.next == "The next check is in 30s.", "another kind of request")
        let held = try await Self.explain(polling, due: 30_000) {
            $0.breaker.hold(code: "http-401", message: "GET https://x answered 401", policy: BreakerPolicy(), now: Self.now)
        }
        #expect(held.why.contains("; checks wait: GET https://x answered 401 (held since ") && !held.why.contains("next try"))
        #expect(held.next == "The next check is in 1m00s at the earliest, when acme is asked again.")
        let line = try await Self.explain(JobState(status: .pending), isInLine: true) { Self.open(&$0, for: .seconds(240)) }
        #expect(line.next.hasPrefix("It is started as soon as acme and its limits allow, in 4m00s at the earliest;"))
        let listing = try await Self.explain(JobState(status: .ready)) { Self.open(&$0, for: .seconds(240)) }
        #expect(listing.next == "The next attempt is in 4m00s at the earliest, when acme is asked again.")
    }

    @Test("tells when a file is tried again, not before its host may be asked") func waitingFile() async throws {
        let state = JobState(status: .processing, filesTotal: 2), file = WaitingFile(index: 1, at: Self.now + 20_000, host: "files.example")
        let paused = try await Self.explain(state, file: file) {
            $0.pause(.download(host: "files.example"), for: .seconds(50), now: Self.now)
            Self.open(&$0, for: .seconds(240))
        }
        #expect(paused.why.contains("; downloads from files.example pause"))
        #expect(paused.next == "The next attempt at file 1 is in 50s at the earliest, when files.example is asked again.")
        let other = try await Self.explain(state, file: file) {
            $0.pause(.download(host: "other.example"), for: .seconds(50), now: Self.now)
        }
        #expect(!other.why.contains("pause") && other.next == "The next attempt at file 1 is in 20s.")
    }

    @Test("tells of failures and of a cancellation") func trouble() async throws {
        let state = JobState(status: .polling, attempts: 1, failures: 2)
        let history = [HistoryEntry(at: 3_500_000, what: "!", detail: "http-503")]
        let (why, next) = try await Self.explain(state, due: -5, history: history)
        #expect(why.hasSuffix("; 2 failures in a row, the last failure: http-503."))
        #expect(next == "The next attempt is due now.")
        #expect(try await Self.explain(state, cancel: true).why.hasPrefix("The cancellation of the export at acme"))
    }

    @Test("tells of the line, of the transfer and of the end") func others() async throws {
        let waiting = try await Self.explain(JobState(status: .pending), isInLine: true)
        #expect(
            waiting.why == "orders was admitted 1h00m ago, and waits for its start at acme: for its turn among the jobs of its provider.")
        #expect(waiting.next.hasPrefix("It is started as soon as acme and its limits allow"))

        let transfer = try await Self.explain(JobState(status: .processing, filesTotal: 5, filesDone: 3))
        #expect(
            transfer.why.hasPrefix("3 of 5 files of orders are stored, and the others have waited for workers, or been with them, for "))
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
