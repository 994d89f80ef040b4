/// The rules of a job's life, without any I/O: a state and an event in, a decision out. `ops/docs/state-machine.md` draws it.
///
/// Invariant: a decision with a final status removes the timer, every other decision sets it.
public struct JobMachine: Sendable {
    public var rules: JobRules

    public init(rules: JobRules) { self.rules = rules }

    /// - Parameters:
    ///   - state: as it is stored. Actions are derived from it, so a caller whose state is stale must read again and decide again.
    ///   - random: uniform in 0..<1, for the jitter.
    /// - Returns: `nil` if the event has no meaning in this state: it is late or repeated, and changes nothing.
    public func decide(_ event: JobEvent, in state: JobState, random: Double) -> JobDecision? {
        if state.status.isFinal { return decideAfterEnd(event, state) }
        var next = state
        next.claims = 0
        next.deferredFor = nil
        switch event {
        case .cancelled:
            return fail(state, JobError(code: JobError.cancelled, message: "cancelled on request"), isExportOver: true)
        case .cancelFailed(let failure):
            next.createIsUncertain = state.mayHaveExport
            return retryCancel(next, failure, state.deferredFor, random)
        case .stepFailed(let failure):
            if state.status == .pending { next.createIsUncertain = state.mayHaveExport || failure.mayHaveRun }
            return failure.isDeferral
                ? putOff(next, failure, for: state.deferredFor ?? .zero, random) : retry(next, failure, random)
        default: break
        }
        return switch state.status {
        case .pending: decideWhilePending(event, next, random)
        case .polling: decideWhilePolling(event, next, random)
        case .ready: decideWhileReady(event, next)
        case .processing: decideWhileProcessing(event, next)
        case .completed, .failed: nil
        }
    }

    /// Ends a job before any request is made for it, because earlier claims had no result: it crashes the processes that handle it.
    public func verdictAtClaim(_ state: JobState) -> JobDecision? {
        guard !state.status.isFinal, state.claims > rules.claimLimit else { return nil }
        return fail(state, JobError(code: "claims-exhausted", message: "\(state.claims - 1) claims in a row brought no result"))
    }

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
            let waited = min(lasted, state.waited)
            if case .held = obstacle { return waited >= rules.maxWait ? fail(state, notReady("\(obstacle)")) : nil }
            guard case .throttled = obstacle, waited >= rules.retry.maxThrottled else { return nil }
            return fail(state, putOffTooLong(waited, "\(obstacle)"))
        case .ready:
            guard let deferred = state.deferredFor, deferred >= rules.retry.maxThrottled else { return nil }
            return fail(state, putOffTooLong(deferred, "\(obstacle)"))
        case .processing, .completed, .failed: return nil
        }
    }
}

// MARK: - By status

extension JobMachine {
    private func decideWhilePending(_ event: JobEvent, _ state: JobState, _ random: Double) -> JobDecision? {
        guard case .created(let hints) = event else { return nil }
        var next = state
        next.status = .polling
        next.failures = 0
        next.createIsUncertain = false
        next.waited = .zero
        return wait(next, for: rules.polling.nextDelay(waited: .zero, hints: hints, random: random), hints.retryAfter)
    }

    private func decideWhilePolling(_ event: JobEvent, _ state: JobState, _ random: Double) -> JobDecision? {
        var next = state
        next.attempts += 1
        switch event {
        case .notReady(let hints):
            next.failures = 0
            next.unknownStatuses = 0
            return keepPolling(next, hints, random)
        case .unknownStatus(let status, let hints):
            next.failures = 0
            next.unknownStatuses += 1
            guard next.unknownStatuses < rules.unknownStatusLimit else {
                return fail(next, JobError(code: "unknown-status", message: "the provider file has no meaning for the status \(status)"))
            }
            return keepPolling(next, hints, random)
        case .ready:
            next.status = .ready
            next.failures = 0
            let actions: [JobAction] = [.learnDuration(state.waited), .releasePlace, .listFiles]
            return JobDecision(state: next, timer: .after(rules.lease), actions: actions)
        case .empty:
            next.status = .processing
            next.failures = 0
            return JobDecision(state: next, timer: .after(rules.watchdog), actions: [.releasePlace, .publishManifest])
        case .exportFailed(let error):
            return recreate(next, after: error)
        default: return nil
        }
    }

    private func decideWhileReady(_ event: JobEvent, _ state: JobState) -> JobDecision? {
        switch event {
        case .listingRefused(let error): return fail(state, error)
        case .pageListed(let added, let isLast):
            var next = state
            next.failures = 0
            next.filesTotal += added
            let files = added > 0 ? [JobAction.publishFiles(state.filesTotal..<next.filesTotal)] : []
            guard isLast else { return JobDecision(state: next, timer: .after(rules.lease), actions: files) }
            next.status = .processing
            var decision = transferring(next)
            guard decision.error == nil else { return decision }
            // A file failed while the list was still read: the watchdog decides at once what that means.
            if next.filesFailed > 0 { decision = JobDecision(state: decision.state, timer: .after(.zero)) }
            decision.actions = files + decision.actions
            return decision
        default: return nil
        }
    }

    private func decideWhileProcessing(_ event: JobEvent, _ state: JobState) -> JobDecision? {
        switch event {
        case .watchdogFired(let fileError):
            // Without any file there is nothing to deliver, skipped or not.
            let maySkip = rules.skipsFailedFiles && state.filesFailed < state.filesTotal
            guard state.filesFailed > 0, !maySkip else { return transferring(state) }
            return fail(state, fileError ?? JobError(code: "file-failed", message: "a file could not be fetched"))
        case .manifestWritten:
            guard state.isTransferred else { return nil }
            var next = state
            next.status = .completed
            return JobDecision(state: next, timer: .remove)
        default: return nil
        }
    }

    private func decideAfterEnd(_ event: JobEvent, _ state: JobState) -> JobDecision? {
        guard case .retryRequested(let fromStart) = event, state.status == .failed else { return nil }
        let resumeAt = state.resumeAt ?? .pending
        var next = JobState(
            status: fromStart ? .pending : resumeAt, creation: state.creation, createIsUncertain: state.createIsUncertain)
        if next.status == .pending {
            if resumeAt != .pending { next.creation += 1 }
        } else {
            (next.filesTotal, next.filesDone) = (state.filesTotal, state.filesDone)
        }
        return JobDecision(state: next, timer: .after(.zero), actions: next.status == .polling ? [.takePlace] : [])
    }
}

// MARK: - Shared rules

extension JobMachine {
    private func keepPolling(_ state: JobState, _ hints: PollHints, _ random: Double) -> JobDecision {
        if state.attempts >= rules.maxAttempts {
            return fail(state, JobError(code: "max-attempts-exceeded", message: "not ready after \(state.attempts) checks"))
        }
        return wait(state, for: rules.polling.nextDelay(waited: state.waited, hints: hints, random: random), hints.retryAfter)
    }

    /// Cuts the delay so that the last check falls at the end of the longest wait. A Retry-After is not cut: when it leads past the
    /// end there is nothing left to ask.
    /// - Parameter lastAnswer: why there was none, when the last check failed.
    private func wait(_ state: JobState, for delay: Duration, _ retryAfter: Duration?, lastAnswer: String? = nil) -> JobDecision {
        let rest = rules.maxWait - state.waited
        guard rest > .zero, (retryAfter ?? .zero) <= rest else { return fail(state, notReady(lastAnswer)) }
        return JobDecision(state: state, timer: .after(min(delay, rest)))
    }

    private func notReady(_ why: String?) -> JobError {
        JobError(
            code: "max-wait-exceeded",
            message: "not ready within \(rules.maxWait.components.seconds) s" + (why.map { "; \($0)" } ?? ""))
    }

    private func transferring(_ state: JobState) -> JobDecision {
        var next = state
        next.failures = 0
        guard next.isTransferred else { return JobDecision(state: next, timer: .after(rules.watchdog)) }
        guard next.manifestClaims < rules.manifestLimit else {
            let message = "\(state.manifestClaims) attempts to write the manifest brought no result"
            return fail(next, JobError(code: "manifest-failed", message: message))
        }
        return JobDecision(state: next, timer: .after(rules.watchdog), actions: [.publishManifest])
    }

    private func retry(_ state: JobState, _ failure: Failure, _ random: Double) -> JobDecision {
        var next = state
        if failure.countsAsAttempt {
            next.failures += 1
            guard failure.failureClass.isRetriable, next.failures < rules.retry.attempts else {
                return fail(next, JobError(code: failure.code, message: failure.message))
            }
        }
        let delay = rules.retry.delay(failures: max(next.failures, 1), retryAfter: failure.retryAfter, random: random)
        // Only the wait for an export is bounded: creating and listing are retried for as long as their attempts last.
        if state.status == .polling { return wait(next, for: delay, failure.retryAfter, lastAnswer: failure.message) }
        // No export runs after a failed create: another job may have its place meanwhile.
        return JobDecision(state: next, timer: .after(delay), actions: state.status == .pending ? [.releasePlace] : [])
    }

    /// The step is tried again without counting: the other side asked to come later, or the provider is held. It ends all the same.
    private func putOff(_ state: JobState, _ failure: Failure, for deferred: Duration, _ random: Double) -> JobDecision {
        var next = state
        next.deferredFor = deferred
        // A job whose own request was refused probes a held provider only when no other does.
        if failure.concernsProvider { next.failures = max(next.failures, 1) }
        let delay = rules.retry.deferral(since: deferred, retryAfter: failure.retryAfter, random: random)
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
        let bound = failure.concernsProvider ? max(rules.maxWait, rules.retry.maxThrottled) : rules.retry.maxThrottled
        guard deferred < bound else { return fail(next, putOffTooLong(deferred, failure.message)) }
        return JobDecision(state: next, timer: .after(delay), actions: state.status == .pending ? [.releasePlace] : [])
    }

    private func putOffTooLong(_ deferred: Duration, _ why: String) -> JobError {
        JobError(code: "max-throttled-exceeded", message: "put off again and again for \(deferred.components.seconds) s; \(why)")
    }

    private func recreate(_ state: JobState, after error: JobError) -> JobDecision {
        guard state.recreations < rules.recreate.attempts else { return fail(state, error, isExportOver: true) }
        var next = state
        next.status = .pending
        next.attempts = 0
        next.failures = 0
        next.unknownStatuses = 0
        next.recreations += 1
        next.creation += 1
        return JobDecision(state: next, timer: .after(rules.recreate.after), actions: [.releasePlace])
    }

    private func retryCancel(_ state: JobState, _ failure: Failure, _ deferredFor: Duration?, _ random: Double) -> JobDecision {
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
        return JobDecision(state: next, timer: .after(delay))
    }

    /// How long a cancellation may be put off before the job ends without it.
    private static let longestCancel = Duration.seconds(3600)

    /// - Parameter isExportOver: a retry needs a new export.
    private func fail(_ state: JobState, _ error: JobError, isExportOver: Bool = false) -> JobDecision {
        var next = state
        next.status = .failed
        next.deferredFor = nil
        next.resumeAt = isExportOver ? .pending : state.status
        next.createIsUncertain = !isExportOver && state.mayHaveExport
        if isExportOver, state.status != .pending || state.mayHaveExport { next.creation += 1 }
        var actions: [JobAction] = error.code == JobError.cancelled ? [] : [.publishDeadLetter(error)]
        if state.status == .pending || state.status == .polling { actions.append(.releasePlace) }
        return JobDecision(state: next, timer: .remove, error: error, actions: actions)
    }
}
