/// The rules of a job's life, without any I/O: a state and an event in, a decision out. `ops/docs/state-machine.md` draws it.
///
/// Invariant: a decision whose status is not final sets a timer, and a final one removes it.
public struct JobStateMachine: Sendable {
    public var rules: JobRules

    public init(rules: JobRules) { self.rules = rules }

    /// - Parameters:
    ///   - random: uniform in 0..<1, for the jitter.
    /// - Returns: `nil` when the event has no meaning in this state: it is late or doubled, and changes nothing.
    public func decide(_ event: JobEvent, in state: JobState, random: Double) -> Decision? {
        if state.status.isFinal { return nil }
        if case .cancelled = event {
            return fail(state, JobError(code: "cancelled", message: "cancelled on request"))
        }
        var next = state
        next.claims = 0
        switch (state.status, event) {
        case (.pending, .created(let hints)):
            next.status = .polling
            next.failures = 0
            return wait(next, for: rules.polling.nextDelay(waited: .zero, hints: hints, random: random), hints.retryAfter)

        case (.polling, .notReady(let hints)):
            next.attempts += 1
            next.failures = 0
            next.unknownStatuses = 0
            return keepPolling(next, hints, random)

        case (.polling, .unknownStatus(let status, let hints)):
            next.attempts += 1
            next.failures = 0
            next.unknownStatuses += 1
            guard next.unknownStatuses < rules.unknownStatusLimit else {
                return fail(next, JobError(code: "unknown-status", message: "the provider file has no meaning for the status \(status)"))
            }
            return keepPolling(next, hints, random)

        case (.polling, .ready):
            next.attempts += 1
            next.status = .ready
            next.failures = 0
            return Decision(state: next, timer: .after(rules.lease), action: .listFiles)

        case (.polling, .empty):
            next.attempts += 1
            next.status = .processing
            next.failures = 0
            return Decision(state: next, timer: .after(rules.watchdog), action: .writeManifest)

        case (.polling, .exportFailed(let error)):
            next.attempts += 1
            return fail(next, error)

        case (.ready, .pageListed(let isLast)):
            next.failures = 0
            guard isLast else { return Decision(state: next, timer: .after(rules.lease), action: .publishDownloads) }
            next.status = .processing
            let isDone = next.filesDone == next.filesTotal
            return Decision(state: next, timer: .after(rules.watchdog), action: isDone ? .writeManifest : .publishDownloads)

        case (.processing, .watchdogFired):
            let isDone = next.filesDone == next.filesTotal
            return Decision(state: next, timer: .after(rules.watchdog), action: isDone ? .writeManifest : .publishDownloads)

        case (.ready, .fileFailed(let error)), (.processing, .fileFailed(let error)):
            return fail(next, error)

        case (.processing, .manifestWritten):
            guard next.filesDone == next.filesTotal else { return nil }
            next.status = .completed
            return Decision(state: next, timer: .remove)

        case (.pending, .stepFailed(let failure)), (.polling, .stepFailed(let failure)), (.ready, .stepFailed(let failure)):
            return retry(next, failure, random)

        default:
            return nil
        }
    }

    /// What ends a job before any request is made for it: it waited too long, or kills whoever handles it.
    public func verdictAtClaim(_ state: JobState) -> Decision? {
        if state.status.isFinal { return nil }
        if state.claims > rules.claimLimit {
            return fail(state, JobError(code: "claims-exhausted", message: "\(state.claims - 1) wakes in a row brought no result"))
        }
        // A job that polls is asked once more at the end of its longest wait.
        if state.status == .pending, state.waited >= rules.maxWait { return fail(state, maxWaitExceeded) }
        return nil
    }
}

extension JobStateMachine {
    private func keepPolling(_ state: JobState, _ hints: PollHints, _ random: Double) -> Decision {
        if state.attempts >= rules.maxAttempts {
            return fail(state, JobError(code: "max-attempts-exceeded", message: "not ready after \(state.attempts) checks"))
        }
        return wait(state, for: rules.polling.nextDelay(waited: state.waited, hints: hints, random: random), hints.retryAfter)
    }

    /// The delay, cut so that the last check falls at the end of the longest wait. A Retry-After is not cut: when it leads past the
    /// end there is nothing left to ask.
    private func wait(_ state: JobState, for delay: Duration, _ retryAfter: Duration?) -> Decision {
        let rest = rules.maxWait - state.waited
        guard rest > .zero, (retryAfter ?? .zero) <= rest else { return fail(state, maxWaitExceeded) }
        return Decision(state: state, timer: .after(min(delay, rest)))
    }

    private var maxWaitExceeded: JobError {
        JobError(code: "max-wait-exceeded", message: "not ready within \(rules.maxWait.components.seconds) s")
    }

    private func retry(_ state: JobState, _ failure: Failure, _ random: Double) -> Decision {
        var next = state
        next.failures += 1
        guard failure.failureClass.isRetriable, next.failures < rules.retry.attempts else {
            return fail(next, JobError(code: failure.code, message: failure.message))
        }
        let delay = rules.retry.delay(failures: next.failures, retryAfter: failure.retryAfter, random: random)
        // The files of an export that is ready may be listed for as long as it takes.
        if state.status == .ready { return Decision(state: next, timer: .after(delay)) }
        return wait(next, for: delay, failure.retryAfter)
    }

    private func fail(_ state: JobState, _ error: JobError) -> Decision {
        var next = state
        next.status = .failed
        return Decision(state: next, timer: .remove, error: error)
    }
}
