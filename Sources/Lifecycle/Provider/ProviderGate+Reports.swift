import ExportCore
import ProviderAPI
import Retry

extension ProviderGate {
    /// Reports how a request ended.
    /// - Parameters:
    ///   - failure: `nil` if the provider works.
    ///   - budget: what the answer says is left, if it says so.
    /// - Returns: the failure as it counts for its job: neither a failed probe, which was sent on behalf of all jobs, nor a refusal that
    ///   concerns the provider uses up an attempt.
    @discardableResult
    public func report(
        _ kind: RequestKind, _ permission: Permission, failure: Failure?, took: Duration, budget: RateBudget? = nil
    ) async -> Failure? {
        let isDown = failure.map(Self.countsAgainstProvider) ?? false
        let isSlow = took > definition.breaker.slowAfter
        await noteThrottling(kind, permission, failure, budget)
        let isRefused = failure?.concernsProvider ?? false
        if permission == .probe {
            await endProbe(isDown: isDown, isSlow: isSlow, failure)
        } else {
            if isRefused { await noteRefusal(failure) } else if Self.showsAccess(failure) { refusals = 0 }
            await health.record(isDown: isDown, isSlow: isSlow)
        }
        guard var failure else { return nil }
        if permission == .probe, isDown { failure.countsAsAttempt = false }
        if isRefused, await health.hold != nil { failure.countsAsAttempt = false }
        return failure
    }

    /// Reports the head of a download, or why there was none. It says nothing about the API behind the breaker.
    /// - Returns: as `report`.
    public func report(
        downloadFrom host: String, withCredentials: Bool, _ permission: Permission, failure: Failure?
    ) async -> Failure? {
        let kind = RequestKind.download(host: host)
        var failure = failure
        // This network's rules, or the host's certificate: another attempt soon would end the same way.
        if let known = failure, known.concernsProvider, known.failureClass != .unauthorised, known.code != "dns" {
            failure?.countsAsAttempt = false
            await health.change(.throttled(kind, wait: definition.breaker.heldProbe, reason: known.message, random: Jitter.shared.next()))
        }
        await noteThrottling(kind, permission, failure, nil)
        let isRefused = withCredentials && failure?.failureClass == .unauthorised
        if permission == .probe {
            await endProbe(isDown: false, isSlow: false, isRefused ? failure : nil)
        } else if isRefused {
            await noteRefusal(failure)
        }
        if isRefused, await health.hold != nil { failure?.countsAsAttempt = false }
        return failure
    }

    private func noteThrottling(_ kind: RequestKind, _ permission: Permission, _ failure: Failure?, _ budget: RateBudget?) async {
        if permission == .trial { tryingUntil[kind] = nil }
        if let failure, failure.failureClass == .throttled {
            let reason = failure.answer.map { "\($0)" } ?? failure.message
            return await health.change(.throttled(kind, wait: failure.retryAfter, reason: reason, random: Jitter.shared.next()))
        }
        if let budget, budget.isLow {
            return await health.change(.budget(kind, remaining: budget.remaining, reset: budget.reset))
        }
        // Only the request after a pause: an answer that was under way before it says nothing.
        if permission == .trial { await health.change(.recovered(kind)) }
    }

    private func noteRefusal(_ failure: Failure?) async {
        guard let failure else { return }
        refusals += 1
        // Without its secret no request can be sent at all.
        guard refusals >= Self.refusalsBeforeHold || failure.code == "missing-secret", await health.hold == nil else { return }
        await health.change(.hold(code: failure.code, message: failure.answer.map { "\($0)" } ?? failure.message))
    }

    private func endProbe(isDown: Bool, isSlow: Bool, _ failure: Failure?) async {
        let policy = definition.breaker
        let isHeld = await health.hold != nil
        let succeeded = isHeld ? Self.showsAccess(failure) : !isDown && !isSlow
        await health.update { [name] health, now in
            health.breaker.endProbe(by: name, succeeded: succeeded, policy: policy, now: now)
            guard isHeld, !succeeded, let failure, failure.concernsProvider else { return }
            health.breaker.hold(
                code: failure.code, message: failure.answer.map { "\($0)" } ?? failure.message, policy: policy,
                now: now)
        }
        probingUntil = nil
        if succeeded { refusals = 0 }
        if await health.breakerState == .closed { lastReturn = [:] }
    }

    /// A response that refuses the request, or asks for fewer requests, shows that the provider works. A request that this process could
    /// not send says nothing about it.
    private static func countsAgainstProvider(_ failure: Failure) -> Bool {
        failure.failureClass == .transient && !failure.concernsProvider
            && !["overloaded", "cancelled", "shut-down", "timeout-queue"].contains(failure.code)
    }

    /// Whether an answer shows that the provider accepts this program's credentials. A throttled one may come from before they are looked at.
    private static func showsAccess(_ failure: Failure?) -> Bool {
        guard let failure else { return true }
        return switch failure.failureClass {
        case .gone, .permanent, .notYet, .corrupt: !failure.concernsProvider
        case .transient, .throttled, .unauthorised: false
        }
    }
}

extension RateBudget {
    /// A tenth of the budget is left, or five requests where its size is not known.
    var isLow: Bool { remaining <= (limit.map { $0 / 10 } ?? 5) && reset > .zero }
}
