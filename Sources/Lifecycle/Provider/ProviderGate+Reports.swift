import ExportCore
import ProviderAPI
import Retry

extension ProviderGate {
    /// Reports how a request ended.
    /// - Parameters:
    ///   - id: the job that it was for.
    ///   - failure: `nil` if the provider works.
    ///   - budget: what the answer says is left, if it says so.
    /// - Returns: the failure as it counts for its job: neither a failed probe, which was sent on behalf of all jobs, nor a refusal that
    ///   concerns the provider uses up an attempt.
    @discardableResult
    public func report(
        _ kind: RequestKind, _ permission: Permission, of id: JobID, failure: Failure?, took: Duration, budget: RateBudget? = nil
    ) async -> Failure? {
        metrics.ended(kind, failure, took: took)
        let isSlow = took > definition.breaker.slowAfter
        let subject = RefusalWatch.Subject(job: id, kind: kind, file: nil)
        // Nearly every status check ends here.
        if failure == nil, localHold == nil, permission == .granted, budget == nil {
            refusals.accepted(subject)
            obstructions.accepted(subject)
            await health.record(isDown: false, isSlow: isSlow, isAnswered: true)
            return nil
        }
        let isDown = failure.map(Self.countsAgainstProvider) ?? false
        await noteThrottling(kind, permission, failure, budget)
        if let failure, isDown || failure.concernsProcess { await note(failure, of: .requests) }
        let isAlone = await noteAccess(subject, failure)
        let isAnswered = !isDown && (failure == nil || failure?.answer != nil)
        if permission == .probe, localHold == nil {
            await endProbe(isDown: isDown, isSlow: isSlow, failure)
            if isAnswered { await health.worked(.requests) }
        } else {
            await health.record(isDown: isDown, isSlow: isSlow, isAnswered: isAnswered)
        }
        return await counted(failure, permission, isDown: isDown, isAlone: isAlone)
    }

    /// - Parameter isAlone: whether the request was refused for its own sake.
    func counted(_ failure: Failure?, _ permission: Permission, isDown: Bool, isAlone: Bool) async -> Failure? {
        guard let failure else { return nil }
        let isHeld = if localHold == nil { await health.hold != nil } else { true }
        let isOnBehalfOfAll = permission == .probe && (isDown || failure.concernsProvider)
        let concernsAll = failure.concernsProvider && (isHeld || !isAlone)
        return isOnBehalfOfAll || concernsAll || failure.code == "missing-secret" ? failure.uncounted : failure
    }

    func noteThrottling(_ kind: RequestKind, _ permission: Permission, _ failure: Failure?, _ budget: RateBudget?) async {
        if permission == .trial { tryingUntil[kind] = nil }
        if let failure, failure.failureClass == .throttled {
            return await health.change(.throttled(kind, wait: failure.retryAfter, reason: failure.reason, random: Jitter.shared.next()))
        }
        if let budget, budget.isLow {
            return await health.change(.budget(kind, remaining: budget.remaining, reset: budget.reset))
        }
        // Only the request after a pause, and only if it was answered: what was under way before it says nothing.
        guard permission == .trial, failure == nil || failure?.answer != nil, failure?.concernsAccount != true else { return }
        await health.change(.recovered(kind))
        lastReturn[kind] = nil
    }

    /// Begins or ends a hold, by what the answer says about this program's access.
    /// - Returns: whether the request was refused for its own sake, not for the provider's or this process's.
    func noteAccess(_ subject: RefusalWatch.Subject, _ failure: Failure?) async -> Bool {
        if let failure, failure.concernsProcess {
            let refusal = obstructions.refused(subject, lifts: 0)
            guard refusal == .ofProvider || failure.code == "missing-secret" || localHold != nil else { return refusal == .ofSubject }
            let now = await health.now
            let hold = CircuitBreaker.Hold(code: failure.code, message: failure.reason, since: localHold?.hold.since ?? now)
            // Said again with each probe: a note that is not repeated is that of a process that is gone.
            await note(hold)
            localHold = LocalHold(hold: hold, nextProbe: max(localHold?.nextProbe ?? .now, .now + definition.breaker.heldProbe))
            return false
        }
        // Any answer shows that the provider can be reached from here.
        if failure == nil || failure?.answer != nil {
            obstructions.accepted(subject)
            if localHold != nil {
                localHold = nil
                lastReturn = [:]
                await note(nil)
            }
        }
        if let failure, failure.failureClass == .unauthorised {
            let refusal = refusals.refused(subject, lifts: await health.lifts)
            if refusal == .ofProvider, await health.hold == nil {
                await health.change(.hold(code: failure.code, message: failure.reason))
            }
            return refusal == .ofSubject
        }
        if Self.showsAccess(failure) { refusals.accepted(subject) }
        return false
    }

    func note(_ failure: Failure, of work: FailureLog.Work) async {
        await health.change(.failed(work, code: failure.code, message: failure.reason, times: 1))
    }

    private func note(_ hold: CircuitBreaker.Hold?) async { await health.note(hold, by: name) }

    func endProbe(isDown: Bool, isSlow: Bool, _ failure: Failure?) async {
        let policy = definition.breaker
        let isHeld = await health.hold != nil
        // What could not be asked from here was not tried.
        let wasTried = failure?.concernsProcess != true
        let succeeded = wasTried && (isHeld ? Self.showsAccess(failure) : !isDown && !isSlow)
        await health.update { [name] health, now in
            health.breaker.endProbe(by: name, succeeded: succeeded, policy: policy, now: now)
            guard isHeld, let failure, failure.failureClass == .unauthorised else { return }
            health.breaker.hold(code: failure.code, message: failure.reason, policy: policy, now: now)
        }
        probingUntil = nil
        if await health.breakerState == .closed { lastReturn = [:] }
    }

    /// A response that refuses the request, or asks for fewer requests, shows that the provider works. A request that this process could
    /// not send says nothing about it.
    private static func countsAgainstProvider(_ failure: Failure) -> Bool {
        failure.failureClass == .transient && !failure.concernsProvider
            && !ownCodes.contains(failure.code)
    }

    /// This process did not send the request, or took it back.
    static let ownCodes: Set<String> = ["overloaded", "cancelled", "shut-down", "timeout-queue"]

    /// Whether an answer shows that the provider accepts this program's credentials. A throttled one may come from before they are looked at.
    private static func showsAccess(_ failure: Failure?) -> Bool {
        guard let failure else { return true }
        if failure.concernsAccount == true { return false }
        return switch failure.failureClass {
        case .gone, .permanent, .notYet, .corrupt: !failure.concernsProvider && failure.answer != nil
        case .transient, .throttled, .unauthorised: false
        }
    }
}

extension Failure {
    var uncounted: Failure {
        var failure = self
        failure.countsAsAttempt = false
        return failure
    }
}

extension RateBudget {
    /// A tenth of the budget is left, or five requests where its size is not known.
    var isLow: Bool { remaining <= (limit.map { $0 / 10 } ?? 5) && reset > .zero }
}
