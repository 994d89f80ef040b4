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
        return advance(next, hints, random)
    }

    private func decideWhilePolling(_ event: JobEvent, _ state: JobState, _ random: Double) -> JobDecision? {
        var next = state
        next.attempts += 1
        switch event {
        case .notReady(let hints):
            next.failures = 0
            next.unusableAnswers = 0
            return keepPolling(next, hints, random)
        case .advanced(let hints):
            next.failures = 0
            next.unusableAnswers = 0
            return advance(next, hints, random)
        case .unknownStatus(let status, let hints):
            next.failures = 0
            next.unusableAnswers += 1
            guard next.unusableAnswers < rules.unknownStatusLimit else {
                return fail(next, JobError(code: "unknown-status", message: JobError.unknownStatus(status)))
            }
            return keepPolling(next, hints, random)
        case .ready:
            next.status = .ready
            next.failures = 0
            next.unusableAnswers = 0
            let actions: [JobAction] = [.learnDuration(isReady: true), .releasePlace, .listFiles]
            return JobDecision(state: next, timer: .after(rules.lease), actions: actions)
        case .empty:
            next.status = .processing
            next.failures = 0
            return JobDecision(
                state: next, timer: .after(rules.watchdog), actions: [.learnDuration(isReady: true), .releasePlace, .publishManifest])
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
            if added > 0 { next.unusableAnswers = 0 }
            next.filesTotal += added
            let files = publishing(state.filesTotal..<next.filesTotal)
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
            let error = fileError ?? JobError(code: "file-failed", message: "a file could not be fetched")
            // Each failed file has left a letter, which a redrive resumes the job by: a second one would outlive the first.
            return fail(state, error, hasLetter: true)
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
