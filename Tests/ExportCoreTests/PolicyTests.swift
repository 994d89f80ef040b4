import ExportCore
import Testing

@Suite("The retry policy") struct RetryPolicyTests {
    let policy = RetryPolicy(attempts: 8, base: .seconds(2), cap: .seconds(60))

    @Test("doubles its ceiling with each failure up to the cap", arguments: [(1, 2.0), (2, 4), (3, 8), (5, 32), (6, 60), (500, 60)])
    func ceiling(failures: Int, seconds: Double) {
        #expect(policy.delay(failures: failures, random: 1) == .seconds(seconds))
    }

    @Test("has full jitter: any delay from zero to the ceiling") func jitter() {
        #expect(policy.delay(failures: 3, random: 0) == .zero)
        #expect(policy.delay(failures: 3, random: 0.25) == .seconds(2))
    }

    @Test("never undercuts a Retry-After, and spreads what comes after it") func retryAfter() {
        #expect(policy.delay(failures: 1, retryAfter: .seconds(30), random: 0) == .seconds(30))
        #expect(policy.delay(failures: 1, retryAfter: .seconds(30), random: 0.5) == .seconds(31))
    }
}

@Suite("The poll policy") struct PollPolicyTests {
    private func delay(
        _ policy: PollPolicy = .tiered(), waited: Duration = .zero, retryAfter: Duration? = nil, progress: Double? = nil,
        usual: Duration? = nil
    ) -> Duration {
        let hints = PollHints(retryAfter: retryAfter, progress: progress, moment: PollMoment(forecast: usual.map { .exports(of: $0) }))
        return policy.nextDelay(waited: waited, hints: hints, random: 0.5).time
    }

    @Test("waits three minutes where nothing is known, and longer for a job that turns out to be long") func unknown() {
        #expect(delay() == .seconds(180))
        #expect(delay(waited: .seconds(31 * 60)) == .seconds(300))
    }

    @Test("polls every one to two minutes where exports take under ten") func short() {
        let usual = Duration.seconds(300)
        #expect(delay(waited: .zero, usual: usual) == .seconds(120))
        #expect(delay(waited: usual, usual: usual) < .seconds(62))
        #expect(delay(waited: usual * 10, usual: usual) == .seconds(120))
    }

    @Test("polls every five to ten minutes where exports take over thirty") func long() {
        let usual = Duration.seconds(3600)
        #expect(delay(waited: .zero, usual: usual) == .seconds(600))
        #expect(delay(waited: usual, usual: usual) < .seconds(310))
    }

    @Test("comes sooner when the progress says that the end is near") func progress() {
        #expect(delay(waited: .seconds(60), progress: 0.75) == .seconds(10))
        #expect(delay(waited: .seconds(100), progress: 1) == .seconds(1))
    }

    @Test("takes no notice of a progress that says nothing", arguments: [0, -1, 1.5]) func oddProgress(progress: Double) {
        #expect(delay(waited: .seconds(10), progress: progress) == .seconds(180))
    }

    @Test("stays within its bounds") func bounds() {
        let policy = PollPolicy.tiered(min: .seconds(10), max: .seconds(20))
        #expect(delay(policy) == .seconds(20))
        #expect(delay(policy, waited: .seconds(100), progress: 0.99) == .seconds(10))
    }

    @Test(
        "never undercuts a Retry-After",
        arguments: [
            PollPolicy.fixed(interval: .seconds(5)), .tiered(max: .seconds(20)), .learned(max: .seconds(20)),
            .backoff(initial: .seconds(1), max: .seconds(20)),
        ])
    func retryAfter(policy: PollPolicy) {
        #expect(delay(policy, retryAfter: .seconds(900)) == .seconds(900))
    }

    @Test("spreads its delays by a tenth to both sides") func jitter() {
        let policy = PollPolicy.fixed(interval: .seconds(10))
        #expect(policy.nextDelay(waited: .zero, hints: PollHints(), random: 0) == ChosenDelay(.seconds(9), .fixed))
        #expect(policy.nextDelay(waited: .zero, hints: PollHints(), random: 0.5) == ChosenDelay(.seconds(10), .fixed))
    }
}

@Suite("The classification of HTTP statuses") struct FailureTests {
    @Test(
        "tells what helps",
        arguments: [
            (429, FailureClass.throttled), (420, .throttled), (529, .throttled), (401, .unauthorised), (403, .unauthorised),
            (407, .unauthorised), (404, .gone), (410, .gone), (408, .transient), (500, .transient), (503, .transient), (400, .permanent),
            (409, .notYet), (412, .notYet), (423, .notYet), (425, .notYet), (302, .permanent), (416, .notYet),
        ])
    func classes(status: Int, expected: FailureClass) {
        let failure = Failure.http(status: status, what: "GET /x")
        #expect(failure.failureClass == expected)
        #expect(failure.countsAsAttempt == (expected != .throttled), "without a time, not yet may be never")
    }

    @Test(
        "takes the wish to wait into account",
        arguments: [
            (503, FailureClass.throttled), (403, .throttled), (400, .throttled), (401, .unauthorised), (404, .notYet), (409, .notYet),
            (412, .notYet), (423, .notYet), (425, .notYet), (410, .gone), (500, .transient), (422, .permanent),
        ])
    func waits(status: Int, expected: FailureClass) {
        let failure = Failure.http(status: status, retryAfter: .seconds(7), what: "GET /x")
        #expect(failure.failureClass == expected && failure.retryAfter == .seconds(7))
        if expected == .notYet { #expect(!failure.countsAsAttempt) }
    }

    @Test(
        "takes a conflict for the end of a create",
        arguments: [(409, FailureClass.permanent), (412, .permanent), (423, .notYet), (425, .notYet)])
    func creates(status: Int, expected: FailureClass) {
        #expect(Failure.http(status: status, what: "POST /x", isCreate: true).failureClass == expected)
    }

    @Test("says that a request may have run when the server broke off") func mayHaveRun() {
        #expect(Failure.http(status: 500, what: "POST /x", isCreate: true).mayHaveRun)
        #expect(!Failure.http(status: 529, what: "POST /x", isCreate: true).mayHaveRun)
        #expect(!Failure.http(status: 503, retryAfter: .seconds(1), what: "POST /x", isCreate: true).mayHaveRun)
    }

    @Test("takes a 503 with a Retry-After for throttling") func unavailable() {
        let failure = Failure.http(status: 503, retryAfter: .seconds(7), what: "GET /x")
        #expect(failure.failureClass == .throttled)
        #expect(failure.retryAfter == .seconds(7))
        #expect(failure.code == "http-503")
    }
}

@Suite("A job's name") struct JobIDTests {
    @Test("is what is safe in keys and paths", arguments: ["a", "order-2026.11:eu_1", String(repeating: "x", count: 128)])
    func valid(text: String) { #expect(JobID(text)?.text == text) }

    @Test(
        "is nothing else",
        arguments: ["", ".", "..", ".hidden", "a/b", "a b", "a#1", "{x}", "ü", "a\n", String(repeating: "x", count: 129)])
    func invalid(text: String) { #expect(JobID(text) == nil) }

    @Test("falls into the partition that FNV-1a gives") func partition() throws {
        // FNV-1a of "a" is 0xe40c292c (the reference implementation's test vector).
        #expect(try #require(JobID("a")).partition(of: 1 << 20) == 0xe40c292c % (1 << 20))
    }
}
