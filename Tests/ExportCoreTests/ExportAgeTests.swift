import ExportCore
import Testing

/// Ten seconds between two checks.
private let bounded = JobMachine(
    rules: JobRules(
        polling: .fixed(interval: .seconds(10)), maxWait: .seconds(1000), maxQueued: .seconds(100), maxRunning: .seconds(200)))

private func polling(waited: Int) -> JobState { JobState(status: .polling, attempts: 3, waited: .seconds(waited)) }

/// What an answer makes of a job whose export was created so many seconds ago. Without jitter.
private func decision(_ hints: PollHints, waited: Int, by machine: JobMachine = bounded) throws -> JobDecision {
    try #require(machine.decide(.notReady(hints), in: polling(waited: waited), random: 0.5))
}

private func queued(retryAfter: Duration? = nil) -> PollHints { PollHints(retryAfter: retryAfter, isQueued: true) }

private func running(for seconds: Int, retryAfter: Duration? = nil) -> PollHints {
    PollHints(retryAfter: retryAfter, hasRunFor: .seconds(seconds))
}

@Suite("The age of an export")
struct ExportAgeTests {
    @Test("in the queue is bounded by maxQueued, at whose end the last check falls") func queue() throws {
        #expect(try decision(queued(), waited: 50).timer == .after(.seconds(10)))
        #expect(try decision(queued(), waited: 95).timer == .after(.seconds(5)))
        let end = try decision(queued(), waited: 100)
        #expect(end.state.status == .failed && end.timer == .remove)
        #expect(end.error == JobError(code: "max-queued-exceeded", message: "still queued after 100 s"))
        #expect(end.actions.contains(.releasePlace))
    }

    @Test("while it runs is bounded by maxRunning, from the first answer that it runs") func run() throws {
        #expect(try decision(running(for: 0), waited: 700).timer == .after(.seconds(10)))
        #expect(try decision(running(for: 194), waited: 700).timer == .after(.seconds(6)))
        let end = try decision(running(for: 200), waited: 700)
        #expect(end.error == JobError(code: "max-running-exceeded", message: "still running after 200 s"))
        #expect(end.state.status == .failed)
    }

    @Test("does not fail an export that is ready at its last check", arguments: [100, 150, 999]) func ready(waited: Int) {
        for event in [JobEvent.ready, .empty] {
            #expect(bounded.decide(event, in: polling(waited: waited), random: 0.5)?.error == nil)
        }
    }

    @Test("in one state does not count in the other") func apart() throws {
        #expect(try decision(running(for: 1), waited: 500).timer == .after(.seconds(10)), "it has left the queue")
        let longQueue = JobMachine(
            rules: JobRules(polling: .fixed(interval: .seconds(10)), maxWait: .seconds(1000), maxRunning: .seconds(20)))
        #expect(try decision(queued(), waited: 500, by: longQueue).timer == .after(.seconds(10)))
        let unknown = bounded.decide(.unknownStatus("ODD", PollHints()), in: polling(waited: 500), random: 0.5)
        #expect(unknown?.timer == .after(.seconds(10)))
    }

    @Test("cuts no Retry-After") func retryAfter() throws {
        #expect(try decision(queued(retryAfter: .seconds(30)), waited: 95).timer == .after(.seconds(30)))
        #expect(try decision(running(for: 195, retryAfter: .seconds(60)), waited: 300).timer == .after(.seconds(60)))
        #expect(try decision(queued(retryAfter: .seconds(2)), waited: 95).timer == .after(.seconds(5)), "a shorter one changes nothing")
        #expect(try decision(queued(retryAfter: .seconds(30)), waited: 125).error?.code == "max-queued-exceeded")
    }

    @Test("stays within maxWait") func maxWait() throws {
        #expect(try decision(running(for: 50), waited: 996).timer == .after(.seconds(4)))
        #expect(try decision(running(for: 50), waited: 1000).error?.code == "max-wait-exceeded")
        #expect(try decision(queued(retryAfter: .seconds(2000)), waited: 95).error?.code == "max-wait-exceeded")
    }

    @Test("is bounded by maxWait alone if the provider file says no more") func unbounded() throws {
        let plain = JobMachine(rules: JobRules(polling: .fixed(interval: .seconds(10)), maxWait: .seconds(1000)))
        #expect(try decision(queued(), waited: 989, by: plain).timer == .after(.seconds(10)))
        #expect(try decision(running(for: 900), waited: 989, by: plain).timer == .after(.seconds(10)))
    }
}

@Suite("A step that is done")
struct AdvancedTests {
    private func advanced(_ hints: PollHints, in state: JobState, by machine: JobMachine = bounded) throws -> JobDecision {
        try #require(machine.decide(.advanced(hints), in: state, random: 0.5))
    }

    @Test("is followed by a request at once, and by a wait as the policy says") func next() throws {
        #expect(try advanced(PollHints(isDueAtOnce: true), in: polling(waited: 50)).timer == .after(.zero))
        #expect(try advanced(PollHints(), in: polling(waited: 50)).timer == .after(.seconds(10)))
        let tiered = JobMachine(rules: JobRules())
        #expect(try advanced(PollHints(), in: polling(waited: 3000), by: tiered).timer == .after(.seconds(180)), "as for a first check")
        #expect(
            try advanced(PollHints(moment: PollMoment(forecast: .exports(of: .seconds(300)))), in: polling(waited: 300), by: tiered).timer
                == .after(.seconds(120)))
    }

    @Test("is followed by nothing before its Retry-After") func retryAfter() throws {
        for isDueAtOnce in [true, false] {
            let hints = PollHints(retryAfter: .seconds(30), isDueAtOnce: isDueAtOnce)
            #expect(try advanced(hints, in: polling(waited: 50)).timer == .after(.seconds(30)))
        }
    }

    @Test("counts as a check, and ends failures and unknown statuses in a row") func counts() throws {
        let state = JobState(status: .polling, attempts: 3, failures: 5, unusableAnswers: 4, claims: 2, deferredFor: .seconds(9))
        let next = try advanced(PollHints(isDueAtOnce: true), in: state).state
        #expect(next == JobState(status: .polling, attempts: 4))
    }

    @Test("is within no bound but maxWait") func bounds() throws {
        #expect(try advanced(PollHints(isDueAtOnce: true), in: polling(waited: 500)).error == nil)
        #expect(try advanced(PollHints(), in: polling(waited: 996)).timer == .after(.seconds(4)))
        for isDueAtOnce in [true, false] {
            let end = try advanced(PollHints(isDueAtOnce: isDueAtOnce), in: polling(waited: 1000))
            #expect(end.error?.code == "max-wait-exceeded")
        }
    }

    @Test("has no meaning for a job that waits for no export", arguments: JobStatus.allCases.filter { $0 != .polling })
    func elsewhere(status: JobStatus) {
        #expect(bounded.decide(.advanced(PollHints()), in: JobState(status: status), random: 0.5) == nil)
    }

    @Test("may be the first of an export: a request of steps follows its creation at once") func created() {
        let pending = JobState(status: .pending, waited: .seconds(5000))
        #expect(bounded.decide(.created(PollHints(isDueAtOnce: true)), in: pending, random: 0.5)?.timer == .after(.zero))
        #expect(bounded.decide(.created(PollHints()), in: pending, random: 0.5)?.timer == .after(.seconds(10)))
    }
}
