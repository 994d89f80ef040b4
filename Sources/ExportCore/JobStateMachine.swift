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
        if state.status.isFinal { return decideAfterEnd(event, state) }
        var next = state
        next.claims = 0
        switch (state.status, event) {
        case (_, .cancelled):
            return fail(state, JobError(code: "cancelled", message: "cancelled on request"), isExportOver: true)

        case (_, .cancelFailed(let failure)):
            next.createIsUncertain = state.mayHaveExport
            return retryCancel(next, failure, random)

        case (.pending, .created(let hints)):
            next.status = .polling
            next.failures = 0
            next.createIsUncertain = false
            next.waited = .zero
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
            return recreate(next, after: error)

        case (.ready, .pageListed(let isLast)):
            next.failures = 0
            guard isLast else { return Decision(state: next, timer: .after(rules.lease), action: .publishDownloads) }
            next.status = .processing
            return transferring(next)

        case (.ready, .listingRefused(let error)):
            return fail(next, error)

        case (.processing, .watchdogFired):
            return transferring(next)

        case (.processing, .fileFailed(let error)):
            // Without any file there is nothing to deliver, skipped or not.
            if rules.skipsFailedFiles, next.filesFailed < next.filesTotal { return transferring(next) }
            return fail(next, error)

        case (.processing, .manifestWritten):
            guard next.isTransferred else { return nil }
            next.status = .completed
            return Decision(state: next, timer: .remove)

        case (.pending, .stepFailed(let failure)):
            next.createIsUncertain = state.mayHaveExport || failure.mayHaveRun
            return retry(next, failure, random)

        // While files are transferred the only step of the job's own is to find its provider.
        case (.polling, .stepFailed(let failure)), (.ready, .stepFailed(let failure)), (.processing, .stepFailed(let failure)):
            return retry(next, failure, random)

        default:
            return nil
        }
    }

    /// What ends a job before any request is made for it: it kills whoever handles it.
    public func verdictAtClaim(_ state: JobState) -> Decision? {
        guard !state.status.isFinal, state.claims > rules.claimLimit else { return nil }
        return fail(state, JobError(code: "claims-exhausted", message: "\(state.claims - 1) wakes in a row brought no result"))
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
        guard rest > .zero, (retryAfter ?? .zero) <= rest else {
            return fail(state, JobError(code: "max-wait-exceeded", message: "not ready within \(rules.maxWait.components.seconds) s"))
        }
        return Decision(state: state, timer: .after(min(delay, rest)))
    }

    private func transferring(_ known: JobState) -> Decision {
        var state = known
        state.failures = 0
        if state.isTransferred, state.manifestClaims >= rules.manifestLimit {
            let message = "\(state.manifestClaims) attempts to write the manifest brought no result"
            return fail(state, JobError(code: "manifest-failed", message: message))
        }
        return Decision(state: state, timer: .after(rules.watchdog), action: state.isTransferred ? .writeManifest : .publishDownloads)
    }

    private func retry(_ state: JobState, _ failure: Failure, _ random: Double) -> Decision {
        var next = state
        if failure.countsAsAttempt {
            next.failures += 1
            guard failure.failureClass.isRetriable, next.failures < rules.retry.attempts else {
                return fail(next, JobError(code: failure.code, message: failure.message))
            }
        }
        let delay = rules.retry.delay(failures: max(next.failures, 1), retryAfter: failure.retryAfter, random: random)
        // A job may wait for its creation, and the files of an export that is ready may be listed, for as long as it takes.
        guard state.status == .polling else { return Decision(state: next, timer: .after(delay)) }
        return wait(next, for: delay, failure.retryAfter)
    }

    private func recreate(_ state: JobState, after error: JobError) -> Decision {
        guard state.recreations < rules.recreate.attempts else { return fail(state, error, isExportOver: true) }
        var next = state
        next.status = .pending
        next.attempts = 0
        next.failures = 0
        next.unknownStatuses = 0
        next.recreations += 1
        next.creation += 1
        return Decision(state: next, timer: .after(rules.recreate.after))
    }

    private func retryCancel(_ state: JobState, _ failure: Failure, _ random: Double) -> Decision {
        var next = state
        if failure.countsAsAttempt { next.failures += 1 }
        guard failure.failureClass.isRetriable, next.failures < rules.retry.attempts else {
            let message = "cancelled on request; the export may still run, the provider could not be told: \(failure.message)"
            return fail(next, JobError(code: "cancelled", message: message), isExportOver: true)
        }
        let delay = rules.retry.delay(failures: max(next.failures, 1), retryAfter: failure.retryAfter, random: random)
        return Decision(state: next, timer: .after(delay))
    }

    /// - Parameter isExportOver: another try needs another export.
    private func fail(_ state: JobState, _ error: JobError, isExportOver: Bool = false) -> Decision {
        var next = state
        next.status = .failed
        next.resumeAt = isExportOver ? .pending : state.status
        next.createIsUncertain = !isExportOver && state.mayHaveExport
        if isExportOver, state.status != .pending || state.mayHaveExport { next.creation += 1 }
        return Decision(state: next, timer: .remove, error: error)
    }

    private func decideAfterEnd(_ event: JobEvent, _ state: JobState) -> Decision? {
        guard case .retryRequested(let fromStart) = event, state.status == .failed else { return nil }
        let resumeAt = state.resumeAt ?? .pending
        var next = JobState(
            status: fromStart ? .pending : resumeAt, creation: state.creation, createIsUncertain: state.createIsUncertain)
        if next.status == .pending {
            if resumeAt != .pending { next.creation += 1 }
        } else {
            (next.filesTotal, next.filesDone) = (state.filesTotal, state.filesDone)
        }
        return Decision(state: next, timer: .after(.zero))
    }
}
