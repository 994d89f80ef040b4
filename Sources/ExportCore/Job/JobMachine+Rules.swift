// The rules that several statuses share.

extension JobMachine {
    func keepPolling(_ state: JobState, _ hints: PollHints, _ random: Double) -> JobDecision {
        if state.attempts >= rules.maxAttempts {
            return fail(state, JobError(code: "max-attempts-exceeded", message: "not ready after \(state.attempts) checks"))
        }
        let rest = ageLeft(state, hints)
        if let rest, rest.time <= .zero { return fail(state, rest.error) }
        let delay = rules.polling.nextDelay(waited: state.waited, hints: hints, random: random)
        guard let rest, delay.time > max(rest.time, hints.retryAfter ?? .zero) else { return wait(state, for: delay, hints.retryAfter) }
        return wait(state, for: ChosenDelay(max(rest.time, hints.retryAfter ?? .zero), .longestWait), hints.retryAfter)
    }

    /// The next entry of `steps`, or the wait for the export, begins.
    func advance(_ state: JobState, _ hints: PollHints, _ random: Double) -> JobDecision {
        guard !hints.isDueAtOnce else {
            let delay = hints.retryAfter.map { ChosenDelay($0, .retryAfter) } ?? ChosenDelay(.zero, .atOnce)
            return wait(state, for: delay, hints.retryAfter)
        }
        var delay = rules.polling.nextDelay(waited: .zero, hints: hints, random: random)
        if let first = rules.firstCheck { delay = max(first, hints.retryAfter ?? .zero) == first ? ChosenDelay(first, .first) : delay }
        return wait(state, for: delay, hints.retryAfter)
    }

    /// How long the export may still be in its present state, where the provider file bounds that.
    private func ageLeft(_ state: JobState, _ hints: PollHints) -> (time: Duration, error: JobError)? {
        if hints.isQueued, let limit = rules.maxQueued {
            return (limit - state.waited, Self.tooOld("queued", limit))
        }
        if let ran = hints.hasRunFor, let limit = rules.maxRunning { return (limit - ran, Self.tooOld("running", limit)) }
        return nil
    }

    private static func tooOld(_ state: String, _ limit: Duration) -> JobError {
        let time = limit < .seconds(1) ? "\(Int(limit / .milliseconds(1))) ms" : "\(limit.components.seconds) s"
        return JobError(code: "max-\(state)-exceeded", message: "still \(state) after \(time)")
    }

    /// Cuts the delay so that the last check falls at the end of the longest wait. A Retry-After is not cut: when it leads past the
    /// end there is nothing left to ask.
    /// - Parameter lastAnswer: why there was none, when the last check failed.
    func wait(_ state: JobState, for delay: ChosenDelay, _ retryAfter: Duration?, lastAnswer: String? = nil) -> JobDecision {
        let rest = rules.maxWait - state.waited
        guard rest > .zero, (retryAfter ?? .zero) <= rest else { return fail(state, notReady(lastAnswer)) }
        return JobDecision(state: state, delay.bounded(by: rest))
    }

    func notReady(_ why: String?) -> JobError {
        JobError(
            code: "max-wait-exceeded",
            message: "not ready within \(rules.maxWait.components.seconds) s" + (why.map { "; \($0)" } ?? ""))
    }

    /// The first files of a job get their messages at once, and the others when it is the job's turn.
    func publishing(_ listed: Range<Int>) -> [JobAction] {
        let first = listed.lowerBound..<max(listed.lowerBound, min(listed.upperBound, DownloadTurns.atOnce))
        return (first.isEmpty ? [] : [.publishFiles(first)]) + (listed.upperBound > first.upperBound ? [.lineUp] : [])
    }

    func transferring(_ state: JobState) -> JobDecision {
        var next = state
        next.failures = 0
        guard next.isTransferred else { return JobDecision(state: next, timer: .after(rules.watchdog)) }
        guard next.manifestClaims < rules.manifestLimit else {
            let message = "\(state.manifestClaims) attempts to write the manifest brought no result"
            return fail(next, JobError(code: "manifest-failed", message: message))
        }
        return JobDecision(state: next, timer: .after(rules.watchdog), actions: [.publishManifest])
    }

    func retry(_ state: JobState, _ failure: Failure, _ random: Double) -> JobDecision {
        var next = state
        if failure.countsAsAttempt {
            next.failures += 1
            guard failure.failureClass.isRetriable, next.failures < rules.retry.attempts else {
                return fail(next, JobError(code: failure.code, message: failure.message))
            }
        }
        let time = rules.retry.delay(failures: max(next.failures, 1), retryAfter: failure.retryAfter, random: random)
        let delay = ChosenDelay(time, failure.retryAfter.map { $0 >= time } == true ? .retryAfter : .backoff)
        // Only the wait for an export is bounded: creating and listing are retried for as long as their attempts last.
        if state.status == .polling { return wait(next, for: delay, failure.retryAfter, lastAnswer: failure.message) }
        // No export runs after a failed create: another job may have its place meanwhile.
        return JobDecision(state: next, delay, actions: state.status == .pending ? [.releasePlace] : [])
    }

    func recreate(_ state: JobState, after error: JobError) -> JobDecision {
        guard state.recreations < rules.recreate.attempts else { return fail(state, error, isExportOver: true) }
        var next = state
        next.status = .pending
        next.attempts = 0
        next.failures = 0
        next.unusableAnswers = 0
        next.recreations += 1
        next.creation += 1
        return JobDecision(state: next, timer: .after(rules.recreate.after), actions: [.learnDuration(isReady: false), .releasePlace])
    }

    /// - Parameters:
    ///   - isExportOver: a retry needs a new export.
    ///   - hasLetter: a dead letter stands for the failure already.
    func fail(_ state: JobState, _ error: JobError, isExportOver: Bool = false, hasLetter: Bool = false) -> JobDecision {
        var next = state
        next.status = .failed
        next.deferredFor = nil
        next.resumeAt = isExportOver ? .pending : state.status
        next.createIsUncertain = !isExportOver && state.mayHaveExport
        if isExportOver, state.status != .pending || state.mayHaveExport { next.creation += 1 }
        var actions: [JobAction] = hasLetter || error.code == JobError.cancelled ? [] : [.publishDeadLetter(error)]
        if state.status == .polling { actions.append(.learnDuration(isReady: false)) }
        if state.status == .pending || state.status == .polling { actions.append(.releasePlace) }
        return JobDecision(state: next, timer: .remove, error: error, actions: actions)
    }
}
