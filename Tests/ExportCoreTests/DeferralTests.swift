import ExportCore
import Testing

private let throttled = Failure(.throttled, code: "http-429", message: "GET /exports/1 answered 429")
private let refused: Failure = {
    var failure = Failure(.unauthorised, code: "http-401", message: "GET /exports/1 answered 401")
    failure.countsAsAttempt = false
    return failure
}()
private let nothingListed = Failure(.notYet, code: JobError.nothingListed, message: "no file")
private let hour = Duration.seconds(3600)

private let machine = JobMachine(
    rules: JobRules(retry: RetryPolicy(attempts: 3, base: .seconds(1), cap: .seconds(30), maxThrottled: hour * 2), maxWait: hour))

@Suite("A step that is put off") struct DeferralTests {
    private static let open: [JobStatus] = [.pending, .polling, .ready]

    @Test("uses up no attempt, and counts from its first such answer", arguments: open) func uncounted(status: JobStatus) throws {
        let first = try #require(machine.decide(.stepFailed(throttled), in: JobState(status: status, failures: 2), random: 0.5))
        #expect(first.state.status == status)
        #expect(first.state.failures == 2)
        #expect(first.state.deferredFor == .zero)
    }

    @Test("is forgotten with an answer of another kind") func forgotten() throws {
        let state = JobState(status: .polling, deferredFor: .seconds(50))
        let running = try #require(machine.decide(.notReady(PollHints()), in: state, random: 0.5))
        #expect(running.state.deferredFor == nil)
        let busy = Failure(.transient, code: "http-500", message: "broken")
        #expect(try #require(machine.decide(.stepFailed(busy), in: state, random: 0.5)).state.deferredFor == nil)
    }

    @Test("waits longer the longer it lasts, with full jitter, up to the cap") func growth() {
        let policy = RetryPolicy(base: .seconds(1), cap: .seconds(30))
        #expect(policy.deferral(since: .zero, random: 1) == .seconds(1))
        #expect(policy.deferral(since: .seconds(8), random: 1) == .seconds(8))
        #expect(policy.deferral(since: .seconds(8), random: 0.25) == .seconds(2))
        #expect(policy.deferral(since: hour, random: 1) == .seconds(30))
        #expect(policy.deferral(since: .seconds(8), retryAfter: .seconds(60), random: 0.5) == .seconds(64))
    }

    @Test("ends after maxThrottled, in every status, and says why", arguments: [JobStatus.pending, .ready]) func bound(status: JobStatus)
        throws
    {
        let state = JobState(status: status, waited: hour * 3, deferredFor: hour * 2)
        let decision = try #require(machine.decide(.stepFailed(throttled), in: state, random: 0.5))
        #expect(decision.error?.code == "max-throttled-exceeded")
        #expect(decision.error?.message == "put off again and again for 7200 s; GET /exports/1 answered 429")
    }

    @Test("ends at maxWait while an export is waited for, with the last answer in the message") func maxWait() throws {
        let state = JobState(status: .polling, waited: hour, deferredFor: .seconds(10))
        let decision = try #require(machine.decide(.stepFailed(throttled), in: state, random: 0.5))
        #expect(decision.error?.code == "max-wait-exceeded")
        #expect(decision.error?.message == "not ready within 3600 s; GET /exports/1 answered 429")
    }

    @Test("waits for its provider to be fixed, and probes it only after others") func held() throws {
        let state = JobState(status: .polling, waited: hour / 2, deferredFor: hour * 3)
        let decision = try #require(machine.decide(.stepFailed(refused), in: state, random: 0.5))
        #expect(decision.state.status == .polling)
        #expect(decision.state.failures == 0, "no attempt is used up")
        #expect(decision.state.isSuspect)
    }

    @Test("ends soon when a ready export lists nothing, unless the provider file calls that right") func nothing() throws {
        // The mark of an empty list, which the first one sets.
        let first = try #require(machine.decide(.stepFailed(nothingListed), in: JobState(status: .ready), random: 0.5)).state
        let early = with(first, deferredFor: .seconds(59)), late = with(first, deferredFor: .seconds(60))
        #expect(try #require(machine.decide(.stepFailed(nothingListed), in: early, random: 0.5)).state.status == .ready)
        #expect(try #require(machine.decide(.stepFailed(nothingListed), in: late, random: 0.5)).error?.code == "nothing-listed")
    }

    @Test("counts apart from a throttled listing before it") func nothingAfterThrottling() throws {
        let throttledBefore = JobState(status: .ready, deferredFor: hour)
        let decision = try #require(machine.decide(.stepFailed(nothingListed), in: throttledBefore, random: 0.5))
        #expect(decision.state.status == .ready)
        #expect(decision.state.deferredFor == .zero)
    }

    @Test("counts from the first empty list, whatever comes between empty lists") func nothingInTurns() throws {
        var state = try #require(machine.decide(.stepFailed(nothingListed), in: JobState(status: .ready), random: 0.5)).state
        for seconds in [10, 20, 30, 40, 50] {
            state = with(state, deferredFor: .seconds(seconds))
            let failure = seconds % 20 == 0 ? nothingListed : throttled
            state = try #require(machine.decide(.stepFailed(failure), in: state, random: 0.5)).state
            #expect(state.status == .ready && state.deferredFor == .seconds(seconds))
        }
        let end = machine.decide(.stepFailed(nothingListed), in: with(state, deferredFor: .seconds(61)), random: 0.5)
        #expect(end?.error?.code == "nothing-listed")
        // A page with files ends it.
        let paged = machine.decide(.pageListed(added: 1, isLast: false), in: state, random: 0.5)
        #expect(paged?.state.unusableAnswers == 0)
    }

    private func with(_ state: JobState, deferredFor: Duration) -> JobState {
        var state = state
        state.deferredFor = deferredFor
        return state
    }

    @Test("does not keep a cancellation from its end") func cancellation() throws {
        let state = JobState(status: .polling, deferredFor: hour)
        let decision = try #require(machine.decide(.cancelFailed(throttled), in: state, random: 0.5))
        #expect(decision.error?.code == JobError.cancelled)
    }

    @Test("of a file has the same bound") func file() throws {
        let files = FileMachine(rules: .init(retry: RetryPolicy(attempts: 3, cap: .seconds(30), maxThrottled: hour)))
        let again = try #require(files.decide(.failed(throttled, attempt: 9, deferredFor: hour / 2), in: .leased(token: 9), random: 1))
        #expect(again.state == .backoff(token: 9))
        #expect(again.timer == .after(.seconds(30)))
        #expect(!again.usesAttempt && again.isDeferral)
        let end = try #require(files.decide(.failed(throttled, attempt: 9, deferredFor: hour), in: .leased(token: 9), random: 1))
        #expect(
            end.count
                == .failed(JobError(code: "max-throttled-exceeded", message: "put off again and again for 3600 s; \(throttled.message)")))
    }
}

@Suite("A job whose provider must not be asked") struct HeldJobTests {
    private static let hold = ProviderHealth.Obstacle.held(.init(code: "http-401", message: "GET /me answered 401", since: 0))
    private static let slow = ProviderHealth.Obstacle.throttled(.init(since: 0, answers: 3, reason: "GET /me answered 429"))

    private static let obstacles: [ProviderHealth.Obstacle] = [hold, slow, .down("10 of 10 requests failed"), .paused]

    @Test("fails at the end of maxWait, and names the obstacle", arguments: obstacles)
    func polling(obstacle: ProviderHealth.Obstacle) throws {
        #expect(machine.verdictWhileHeld(JobState(status: .polling, waited: hour - .seconds(1)), by: obstacle) == nil)
        let decision = try #require(machine.verdictWhileHeld(JobState(status: .polling, waited: hour), by: obstacle))
        #expect(decision.error?.code == "max-wait-exceeded")
        #expect(decision.error?.message == "not ready within 3600 s; \(obstacle)")
    }

    @Test("before its creation fails when the obstacle has lasted for its bound, but only while the job has") func pending() throws {
        let old = JobState(status: .pending, waited: hour * 5), new = JobState(status: .pending, waited: .seconds(5))
        #expect(machine.verdictWhileHeld(old, by: Self.slow, lasted: hour) == nil)
        #expect(machine.verdictWhileHeld(old, by: Self.slow, lasted: hour * 2)?.error?.code == "max-throttled-exceeded")
        #expect(machine.verdictWhileHeld(new, by: Self.slow, lasted: hour * 9) == nil)
        #expect(machine.verdictWhileHeld(old, by: Self.hold, lasted: hour * 2)?.error?.code == "max-throttled-exceeded")
        #expect(machine.verdictWhileHeld(old, by: .down("down"), lasted: hour * 9) == nil, "a provider that is down is waited for")
    }
}
