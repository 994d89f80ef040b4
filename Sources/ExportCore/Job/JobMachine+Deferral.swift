// Steps that are put off: the other side asks to come later, or the provider must not be asked now.

extension JobMachine {
    /// Ends a job whose provider must not be asked now, when its time is over: the wait for an export has its bound during pauses and holds
    /// too, and so has the time over which a step is put off.
    /// - Parameters:
    ///   - obstacle: why the provider must not be asked.
    ///   - lasted: how long the obstacle has lasted; it counts only for a job that waits for its creation, at most as long as the job does.
    public func verdictWhileHeld(_ state: JobState, by obstacle: ProviderHealth.Obstacle, lasted: Duration = .zero) -> JobDecision? {
        switch state.status {
        case .polling:
            return state.waited >= rules.maxWait ? fail(state, notReady("\(obstacle)")) : nil
        case .pending:
            // Limits, a backlog or a provider that is down may delay a creation for any time.
            let waited = min(lasted, state.waited)
            guard obstacle.isOfRequests, waited >= rules.retry.maxThrottled else { return nil }
            return fail(state, putOffTooLong(waited, "\(obstacle)"))
        case .ready:
            guard let deferred = state.deferredFor, deferred >= rules.retry.maxThrottled else { return nil }
            return fail(state, putOffTooLong(deferred, "\(obstacle)"))
        case .processing, .completed, .failed: return nil
        }
    }

    /// The step is tried again without counting: the other side asked to come later, or the provider is held. It ends all the same.
    func putOff(_ state: JobState, _ failure: Failure, for deferred: Duration, _ random: Double) -> JobDecision {
        var (next, deferred) = (state, deferred)
        if state.status == .ready {
            // The time counts from the first empty list on. What is put off in between does not begin it again.
            let isFirstEmptyList = failure.code == JobError.nothingListed && state.unusableAnswers == 0
            if isFirstEmptyList { (deferred, next.unusableAnswers) = (.zero, 1) }
        }
        next.deferredFor = deferred
        let time = rules.retry.deferral(since: failure.isPause ? .zero : deferred, retryAfter: failure.retryAfter, random: random)
        let delay = ChosenDelay(time, failure.retryAfter.map { $0 >= time } == true ? .retryAfter : .putOff)
        if state.status == .polling {
            guard deferred < rules.retry.maxThrottled || failure.concernsProvider else {
                return fail(next, putOffTooLong(deferred, failure.message))
            }
            return wait(next, for: delay, failure.retryAfter, lastAnswer: failure.message)
        }
        if failure.code == JobError.nothingListed {
            guard deferred < rules.nothingListedWait ?? rules.retry.maxThrottled else {
                return fail(next, JobError(code: failure.code, message: failure.message))
            }
        }
        guard deferred < rules.retry.maxThrottled else { return fail(next, putOffTooLong(deferred, failure.message)) }
        return JobDecision(state: next, delay, actions: state.status == .pending ? [.releasePlace] : [])
    }

    func putOffTooLong(_ deferred: Duration, _ why: String) -> JobError {
        JobError(code: "max-throttled-exceeded", message: "put off again and again for \(deferred.components.seconds) s; \(why)")
    }

    func retryCancel(_ state: JobState, _ failure: Failure, _ deferredFor: Duration?, _ random: Double) -> JobDecision {
        var next = state
        if failure.countsAsAttempt { next.failures += 1 }
        // Also one that is only ever put off: a cancellation must end even when the provider answers 429 for days.
        if failure.isDeferral { next.deferredFor = deferredFor ?? .zero }
        let isPutOffTooLong = (next.deferredFor ?? .zero) >= min(rules.retry.maxThrottled, Self.longestCancel)
        guard failure.failureClass.isRetriable, next.failures < rules.retry.attempts, !isPutOffTooLong else {
            let message = "cancelled on request; the export may still run, the provider could not be told: \(failure.message)"
            return fail(next, JobError(code: JobError.cancelled, message: message), isExportOver: true)
        }
        let delay =
            failure.isDeferral
            ? rules.retry.deferral(since: next.deferredFor ?? .zero, retryAfter: failure.retryAfter, random: random)
            : rules.retry.delay(failures: max(next.failures, 1), retryAfter: failure.retryAfter, random: random)
        return JobDecision(state: next, ChosenDelay(delay, failure.isDeferral ? .putOff : .backoff))
    }

    /// How long a cancellation may be put off before the job ends without it.
    private static let longestCancel = Duration.seconds(3600)
}
