import EventThread
import ExportCore
import JobStore
import Logging
import ProviderAPI
import Retry
import Telemetry

/// Whether a provider may be asked now: its circuit breaker, holds, the pauses that it asked for, and its limits.
///
/// A request that is not allowed yet moves its job's timer, and no attempt is counted. `ops/docs/failures.md` has the numbers.
public actor ProviderGate {
    public enum Permission: Sendable, Equatable {
        case granted
        /// The single request that tries a provider that was down or is held; its outcome must be reported.
        case probe
        /// The single request after a pause; its outcome must be reported.
        case trial
        /// Not now; nothing was counted.
        case wait(Duration)
    }

    let definition: ProviderDefinition
    let health: SharedHealth
    private let store: JobStore
    /// This process's unique name.
    private let name: String
    private let repeated: RateLimitedLog
    /// Called before a probe of a provider that is held: what was wrong may have been replaced.
    private let reload: @Sendable () async -> Void
    private let thread: EventThread
    public nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    /// Set while this process has the probe. It expires like the shared one if its outcome is not reported.
    private var probingUntil: ContinuousClock.Instant?
    /// Set while the single request after a pause is under way.
    private var tryingUntil: [RequestKind: ContinuousClock.Instant] = [:]
    /// When the last delayed request asks again.
    private var lastReturn: [RequestKind: ContinuousClock.Instant] = [:]
    /// Refused requests in a row: ones whose cause lies with the provider.
    private var refusals = 0

    /// The interval between two delayed requests: while nothing gets through, asking must cost little.
    private static let returnInterval = Duration.milliseconds(2)
    private static let requestInProgress = Duration.milliseconds(500)
    /// A delayed request asks again after this time at the latest, so that an end that comes early is noticed.
    private static let longestDelay = Duration.seconds(60)
    /// So many refused requests in a row hold the provider.
    private static let refusalsBeforeHold = 3

    /// - Parameter reload: reads the provider's secrets again.
    public init(
        _ definition: ProviderDefinition, store: JobStore, name: String, watcher: BreakerWatcher, logger: Logger, on thread: EventThread,
        reload: @escaping @Sendable () async -> Void = {}
    ) {
        self.definition = definition
        self.store = store
        self.name = name
        self.thread = thread
        self.reload = reload
        repeated = RateLimitedLog(logger)
        health = SharedHealth(
            definition.name, policy: definition.breaker, retry: definition.retry, store: store, watcher: watcher, repeated: repeated,
            on: thread)
    }

    /// Asks for the right to send one request.
    public func admit(_ kind: RequestKind) async -> Permission { await admit(kind, suspects: [false])[0] }

    /// Asks for the right to send several requests. If the provider was down or throttled, one of them is the probe.
    /// - Parameter suspects: for each request, whether the last one of its job failed: it probes a held provider only when no other does.
    public func admit(_ kind: RequestKind, suspects: [Bool]) async -> [Permission] {
        guard let suspect = suspects.first else { return [] }
        let first = await pass(kind, isSuspect: suspect)
        guard first == .granted else {
            var permissions = [first]
            for suspect in suspects.dropFirst() { permissions.append(await pass(kind, isSuspect: suspect)) }
            return permissions
        }
        guard kind == .check, let rate = definition.limits.checks else { return Array(repeating: .granted, count: suspects.count) }
        return await permits(suspects.count, rate)
    }

    /// Asks for the right to begin a download. The breaker does not stop downloads, since they mostly come from another host; a hold stops
    /// those that carry the provider's credentials.
    public func admit(downloadFrom host: String, withCredentials: Bool) async -> Permission {
        let kind = RequestKind.download(host: host)
        if withCredentials, await health.hold != nil {
            let wait = await health.wait(.list)
            return wait > .zero ? later(kind, wait) : await beginProbe(kind, isSuspect: false)
        }
        return await pass(kind, isSuspect: false)
    }

    /// Returns a granted probe that no request used.
    public func withdraw(_ permission: Permission, _ kind: RequestKind) async {
        if permission == .trial { tryingUntil[kind] = nil }
        guard permission == .probe else { return }
        await health.update { [name] health, _ in health.breaker.withdrawProbe(by: name) }
        probingUntil = nil
    }

    /// Why requests of a kind are held back, and for how long that has lasted, by the store's clock in milliseconds; `nil` when they are not.
    public func obstacle(_ kind: RequestKind) async -> (why: ProviderHealth.Obstacle, lasted: Duration, now: Int64)? {
        await health.obstacle(kind)
    }
}

extension ProviderGate {
    private func pass(_ kind: RequestKind, isSuspect: Bool) async -> Permission {
        let wait = await health.wait(kind)
        if wait > .zero { return later(kind, wait) }
        if case .download = kind { return await health.isSlow(kind) ? begin(trialOf: kind) : .granted }
        if await health.breakerState == .closed { return await health.isSlow(kind) ? begin(trialOf: kind) : .granted }
        if let probingUntil, .now < probingUntil { return later(kind, Self.requestInProgress) }
        return await beginProbe(kind, isSuspect: isSuspect)
    }

    private func begin(trialOf kind: RequestKind) -> Permission {
        if let until = tryingUntil[kind], .now < until { return later(kind, Self.requestInProgress) }
        tryingUntil[kind] = .now + definition.timeouts.whole + .seconds(5)
        return .trial
    }

    private func beginProbe(_ kind: RequestKind, isSuspect: Bool) async -> Permission {
        if await health.hold != nil {
            // Another job's request says more about the provider, and one that waits asks within this time.
            if isSuspect, await health.openedFor < CircuitBreaker.holdInterval * 2 { return later(kind, CircuitBreaker.holdInterval / 2) }
            await reload()
        }
        let timeout = definition.timeouts.whole + .seconds(5)
        probingUntil = .now + timeout
        let begun = await health.update { [name] health, now in health.breaker.beginProbe(by: name, timeout: timeout, now: now) }
        if begun == true { return .probe }
        probingUntil = nil
        let isClosed = await health.breakerState == .closed
        return begun == false && isClosed ? .granted : later(kind, Self.requestInProgress)
    }

    /// Spreads delayed requests over time, so that few of a backlog ask again in vain.
    private func later(_ kind: RequestKind, _ wait: Duration) -> Permission {
        let next = max(ContinuousClock.now + min(wait, Self.longestDelay), (lastReturn[kind] ?? .now) + Self.returnInterval)
        lastReturn[kind] = next
        return .wait(next - .now)
    }

    /// The rate of checks, which all orchestrators share.
    private func permits(_ number: Int, _ rate: Rate) async -> [Permission] {
        do {
            let permits = try await store.checkPermits(number, provider: definition.name, rate: rate)
            return (0..<number).map { position in
                let denied = position - permits.granted
                return denied < 0 ? .granted : .wait(permits.first + permits.interval * denied)
            }
        } catch {
            repeated.warning(key: "permits", "no permits for checks: \(error)", metadata: ["provider": "\(definition.name)"])
            return (0..<number).map { _ in .wait(.seconds(1) + .seconds(Double.random(in: 0..<1))) }
        }
    }
}

// MARK: - Reports

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
            await health.change(.throttled(kind, wait: CircuitBreaker.holdInterval, reason: known.message, random: Jitter.shared.next()))
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
            health.breaker.hold(code: failure.code, message: failure.answer.map { "\($0)" } ?? failure.message, now: now)
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
