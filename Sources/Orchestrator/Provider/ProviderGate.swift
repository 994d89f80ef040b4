import EventThread
import ExportCore
import JobStore
import Logging
import ProviderAPI
import Telemetry

/// Whether a provider may be asked now: its circuit breaker, the pauses that it asked for (429, Retry-After), and its limits.
///
/// A request that is not allowed yet moves its job's timer, and no attempt is counted. `ops/docs/failures.md` has the numbers.
actor ProviderGate {
    enum Permission: Sendable, Equatable {
        case granted
        /// The single request that tries a provider that was down; its outcome must be reported.
        case probe
        /// Not now; nothing was counted.
        case wait(Duration)
    }

    private let definition: ProviderDefinition
    private let store: JobStore
    private let health: SharedHealth
    /// This orchestrator's unique name.
    private let name: String
    private let repeated: RateLimitedLog
    private let thread: EventThread
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    /// Set while this process has the probe. It expires like the shared one if its outcome is not reported.
    private var probingUntil: ContinuousClock.Instant?
    /// When the last delayed request asks again.
    private var lastReturn: [RequestKind: ContinuousClock.Instant] = [:]

    /// The interval between two delayed requests: while nothing gets through, asking must cost little.
    private static let returnInterval = Duration.milliseconds(2)
    private static let probeInProgress = Duration.milliseconds(500)

    init(
        _ definition: ProviderDefinition, store: JobStore, name: String, watcher: BreakerWatcher, logger: Logger, on thread: EventThread
    ) {
        self.definition = definition
        self.store = store
        self.name = name
        self.thread = thread
        repeated = RateLimitedLog(logger)
        health = SharedHealth(
            definition.name, policy: definition.breaker, store: store, watcher: watcher, repeated: repeated, on: thread)
    }

    /// Asks for the right to send one request.
    func admit(_ kind: RequestKind) async -> Permission { await admit(kind, 1)[0] }

    /// Asks for the right to send several requests. If the provider was down, one of them is the probe.
    func admit(_ kind: RequestKind, _ number: Int) async -> [Permission] {
        let first = await pass(kind)
        guard first == .granted else {
            var permissions = [first]
            while permissions.count < number { permissions.append(await pass(kind)) }
            return permissions
        }
        guard kind == .check, let rate = definition.limits.checks else { return Array(repeating: .granted, count: number) }
        return await permits(number, rate)
    }

    /// Reports how a request ended.
    /// - Parameter failure: `nil` if the provider works.
    func report(_ kind: RequestKind, _ permission: Permission, failure: Failure?, took: Duration) async {
        let isDown = failure.map(Self.countsAgainstProvider) ?? false
        let isSlow = took > definition.breaker.slowAfter
        if let failure, failure.failureClass == .throttled {
            await health.pause(kind, for: failure.retryAfter ?? definition.retry.base)
        }
        if permission == .probe { return await endProbe(succeeded: !isDown && !isSlow) }
        await health.record(isDown: isDown, isSlow: isSlow)
    }

    /// The meaning of a failure for its job: a failed probe is not counted, because it was sent on behalf of all jobs.
    nonisolated static func forJob(_ failure: Failure, _ permission: Permission) -> Failure {
        guard permission == .probe, countsAgainstProvider(failure) else { return failure }
        var failure = failure
        failure.countsAsAttempt = false
        return failure
    }

    /// Returns a granted probe that no request used.
    func withdraw(_ permission: Permission) async {
        guard permission == .probe else { return }
        await health.update { [name] health, _ in health.breaker.withdrawProbe(by: name) }
        probingUntil = nil
    }

    /// A response that refuses the request, or asks for fewer requests, shows that the provider works. A request that this process could
    /// not send says nothing about it.
    private nonisolated static func countsAgainstProvider(_ failure: Failure) -> Bool {
        failure.failureClass == .transient && !["overloaded", "cancelled", "shut-down", "timeout-queue"].contains(failure.code)
    }
}

extension ProviderGate {
    private func pass(_ kind: RequestKind) async -> Permission {
        let wait = await health.wait(kind)
        if wait > .zero { return later(kind, wait) }
        if await health.breakerState == .closed { return .granted }
        if let probingUntil, .now < probingUntil { return later(kind, Self.probeInProgress) }
        return await beginProbe(kind)
    }

    private func beginProbe(_ kind: RequestKind) async -> Permission {
        let timeout = definition.timeouts.whole + .seconds(5)
        probingUntil = .now + timeout
        let begun = await health.update { [name] health, now in health.breaker.beginProbe(by: name, timeout: timeout, now: now) }
        if begun == true { return .probe }
        probingUntil = nil
        let isClosed = await health.breakerState == .closed
        return begun == false && isClosed ? .granted : later(kind, Self.probeInProgress)
    }

    /// Spreads delayed requests over time, so that few of a backlog ask again in vain.
    private func later(_ kind: RequestKind, _ wait: Duration) -> Permission {
        let next = max(ContinuousClock.now + wait, (lastReturn[kind] ?? .now) + Self.returnInterval)
        lastReturn[kind] = next
        return .wait(next - .now)
    }

    private func endProbe(succeeded: Bool) async {
        let policy = definition.breaker
        await health.update { [name] health, now in health.breaker.endProbe(by: name, succeeded: succeeded, policy: policy, now: now) }
        probingUntil = nil
        if await health.breakerState == .closed { lastReturn = [:] }
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
