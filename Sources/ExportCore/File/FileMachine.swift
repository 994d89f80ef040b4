/// The rules of a file's life, without any I/O. `ops/docs/state-machine.md` draws it.
///
/// Invariant: a file that is leased or in backoff has a timer, no other file has one.
public struct FileMachine: Sendable {
    public struct Rules: Sendable, Equatable {
        /// How often and how fast a file is tried again.
        public var retry: RetryPolicy
        /// How long a claim lasts without a heartbeat.
        public var lease: Duration
        /// How long a message may wait before it counts as lost.
        public var watchdog: Duration

        public init(retry: RetryPolicy = RetryPolicy(), lease: Duration = .seconds(30), watchdog: Duration = .seconds(60)) {
            self.retry = retry
            self.lease = lease
            self.watchdog = watchdog
        }
    }

    public var rules: Rules

    public init(rules: Rules = Rules()) { self.rules = rules }

    /// - Parameter random: uniform in 0..<1, for the jitter.
    /// - Returns: `nil` if the event has no meaning in this state: it is late or repeated, and changes nothing.
    public func decide(_ event: FileEvent, in state: FileState, random: Double = 0) -> FileDecision? {
        switch (state, event) {
        case (.listed(let token), .published): queue(token)
        case (.listed(let token), .claimed), (.queued(let token, _, _), .claimed): lease(after: token)
        case (.leased(let token), .claimed(isTimerDue: true)), (.backoff(let token), .claimed(isTimerDue: true)): lease(after: token)
        case (.leased(let token), .stored): FileDecision(state: .stored(token: token), timer: .remove, count: .stored)
        case (.leased(let token), .failed(let failure, let attempt, let deferredFor)):
            failure.isDeferral ? putOff(token, failure, attempt, deferredFor ?? .zero, random) : end(token, failure, attempt, random)
        case (.leased(let token), .handedBack): FileDecision(state: .backoff(token: token), timer: .after(.zero), usesAttempt: false)
        case (.leased(let token), .timerFired), (.backoff(let token), .timerFired): queue(token)
        case (_, .timerFired): FileDecision(state: state, timer: .remove)
        case (.queued(let token, _, let copies), .stillQueued(let waited)): republish(token, copies, waited)
        case (.stored, .jobRetried), (.stored, .jobEnded): nil
        case (_, .jobRetried(let base)): FileDecision(state: .listed(token: base), timer: .remove)
        case (_, .jobEnded): FileDecision(state: state, timer: .remove)
        default: nil
        }
    }

    /// Fails a file whose earlier attempts reached the limit of the provider file without reporting an outcome.
    /// - Parameter attempt: the attempt that was just claimed, from 1.
    public func verdictAtClaim(attempt: Int, in state: FileState) -> FileDecision? {
        guard attempt > rules.retry.attempts else { return nil }
        let attempts = attempt - 1
        return giveUp(
            state.token, Failure(.permanent, code: "file-attempts-exhausted", message: "\(attempts) attempts brought no result"), attempts)
    }
}

extension FileMachine {
    /// The claim counts the attempt, so that a file which kills its worker is bounded too.
    private func lease(after token: Int) -> FileDecision {
        FileDecision(state: .leased(token: token + 1), timer: .after(rules.lease), actions: [.transfer])
    }

    private func queue(_ token: Int) -> FileDecision {
        FileDecision(state: .queued(token: token, since: nil, copies: 0), timer: .remove, actions: [.publishMessage])
    }

    /// Each time the bound doubles, up to eightfold, so that a long queue does not fill up with copies.
    private func republish(_ token: Int, _ copies: Int, _ waited: Duration) -> FileDecision? {
        guard waited >= rules.watchdog * (1 << min(copies, 3)) else { return nil }
        return FileDecision(state: .queued(token: token, since: nil, copies: copies + 1), timer: .remove, actions: [.publishMessage])
    }

    private func end(_ token: Int, _ failure: Failure, _ attempt: Int, _ random: Double) -> FileDecision {
        let mayRetry = failure.failureClass.isRetriable && attempt < rules.retry.attempts
        guard mayRetry || !failure.countsAsAttempt else { return giveUp(token, failure, attempt) }
        let delay = rules.retry.delay(failures: attempt, retryAfter: failure.retryAfter, random: random)
        return FileDecision(state: .backoff(token: token), timer: .after(delay), usesAttempt: failure.countsAsAttempt)
    }

    /// Tried again without counting, for a bounded time.
    private func putOff(_ token: Int, _ failure: Failure, _ attempt: Int, _ deferred: Duration, _ random: Double) -> FileDecision {
        guard deferred < rules.retry.maxThrottled else {
            let message = "put off again and again for \(deferred.components.seconds) s; \(failure.message)"
            return giveUp(token, Failure(.permanent, code: "max-throttled-exceeded", message: message), attempt)
        }
        let delay = rules.retry.deferral(since: failure.isPause ? .zero : deferred, retryAfter: failure.retryAfter, random: random)
        return FileDecision(state: .backoff(token: token), timer: .after(delay), usesAttempt: false, isDeferral: true)
    }

    private func giveUp(_ token: Int, _ failure: Failure, _ attempts: Int) -> FileDecision {
        FileDecision(
            state: .failed(token: token), timer: .remove, count: .failed(JobError(code: failure.code, message: failure.message)),
            actions: [.publishDeadLetter(failure, attempts: attempts)])
    }
}
