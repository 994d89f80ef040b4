import EventThread
import ExportCore
import JobStore
import Logging
import ProviderAPI
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
    let metrics: RequestMetrics
    /// What creates are reserved from; `admit` draws for the other requests.
    public nonisolated let budget: BudgetGate
    private let store: JobStore
    /// This process's unique name.
    let name: String
    let repeated: RateLimitedLog
    /// Called before a probe of a provider that is held: what was wrong may have been replaced.
    private let reload: @Sendable () async -> Void
    private let thread: EventThread
    public nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    /// Set while this process has the probe. It expires like the shared one if its outcome is not reported.
    var probingUntil: ContinuousClock.Instant?
    /// Set while the single request after a pause is under way.
    var tryingUntil: [RequestKind: ContinuousClock.Instant] = [:]
    /// When the last delayed request asks again.
    var lastReturn: [RequestKind: ContinuousClock.Instant] = [:]
    /// Refused requests, by the provider and by what this process has around it.
    var refusals = RefusalWatch(), obstructions = RefusalWatch()
    /// Downloads without an answer, by host.
    var silences: [String: RefusalWatch] = [:]
    /// Why this process alone cannot ask the provider. Others may, so it is not shared.
    var localHold: LocalHold?
    /// When a request that is no suspect was last told to wait for a hold's end.
    private var lastOther: ContinuousClock.Instant?
    /// When an operator last resumed the provider, as far as this process has noticed.
    private var resumedAt: Int64?
    /// When another process was last found to have the probe.
    private var probeLostAt: ContinuousClock.Instant?

    struct LocalHold {
        var hold: CircuitBreaker.Hold
        var nextProbe: ContinuousClock.Instant
    }

    /// The interval between two delayed requests: while nothing gets through, asking must cost little.
    private static let returnInterval = Duration.milliseconds(2)
    private static let requestInProgress = Duration.milliseconds(500)
    /// A delayed request asks again after this time at the latest, so that an end that comes early is noticed.
    private static let longestDelay = Duration.seconds(60)
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
        metrics = RequestMetrics(definition.name)
        budget = BudgetGate(definition: definition, store: store, repeated: repeated)
        health = SharedHealth(
            definition.name, policy: definition.breaker, retry: definition.retry, store: store, watcher: watcher, repeated: repeated,
            on: thread)
    }

    /// Asks for the right to send one request.
    public func admit(_ kind: RequestKind) async -> Permission { await admit(kind, suspects: [false])[0] }

    /// Asks for the right to send several requests. If the provider was down or throttled, one of them is the probe.
    /// - Parameter suspects: for each request, whether the last one of its job failed: it probes a held provider only when no other does.
    public func admit(_ kind: RequestKind, suspects: [Bool]) async -> [Permission] {
        var permissions = await passes(kind, suspects: suspects)
        if kind != .create {
            let limited = await budget.limit(kind, permissions)
            if kind == .check, definition.limits.budget != nil {
                await giveBackChecks(permissions.count { $0 == .granted } - limited.count { $0 == .granted })
            }
            permissions = limited
        }
        metrics.delayed(kind, permissions.count { if case .wait = $0 { true } else { false } })
        return permissions
    }

    private func passes(_ kind: RequestKind, suspects: [Bool]) async -> [Permission] {
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
    /// - Parameter isSuspect: as in `admit`.
    public func admit(downloadFrom host: String, withCredentials: Bool, isSuspect: Bool) async -> Permission {
        let kind = RequestKind.download(host: host)
        await noticeResumption()
        if withCredentials, localHold != nil { return await passLocalHold(kind) }
        if withCredentials, await health.hold != nil {
            let wait = await health.wait(.list)
            if wait > .zero {
                if !isSuspect { lastOther = .now }
                return later(kind, wait)
            }
            let permission = await beginProbe(kind, isSuspect: isSuspect)
            guard permission == .granted else { return permission }
        }
        return await budget.limit(kind, [pass(kind, isSuspect: isSuspect)])[0]
    }

    /// Returns a probe or trial that no request used.
    public func withdraw(_ permission: Permission, _ kind: RequestKind) async {
        if permission == .trial { tryingUntil[kind] = nil }
        guard permission == .probe else { return }
        await health.update { [name] health, _ in health.breaker.withdrawProbe(by: name) }
        probingUntil = nil
    }

    /// To be called when the process ends: what it alone could not ask for concerns nobody any more.
    public func close() async { await health.close(name) }

    /// Why requests of a kind are held back, and for how long that has lasted, by the store's clock in milliseconds; `nil` when they are not.
    public func obstacle(_ kind: RequestKind) async -> (why: ProviderHealth.Obstacle, lasted: Duration, now: Int64)? {
        if let localHold {
            let now = await health.now
            return (.held(localHold.hold), .milliseconds(max(now - localHold.hold.since, 0)), now)
        }
        return await health.obstacle(kind)
    }
}

extension ProviderGate {
    private func pass(_ kind: RequestKind, isSuspect: Bool) async -> Permission {
        let wait = await health.wait(kind)
        await noticeResumption()
        if wait > .zero {
            if !isSuspect { lastOther = .now }
            return later(kind, wait)
        }
        if case .download = kind { return await health.isSlow(kind) ? begin(trialOf: kind) : .granted }
        if localHold != nil { return await passLocalHold(kind) }
        if await health.breakerState == .closed { return await health.isSlow(kind) ? begin(trialOf: kind) : .granted }
        return await beginProbe(kind, isSuspect: isSuspect)
    }

    /// An operator has said that the cause is gone: secrets may have been replaced.
    private func noticeResumption() async {
        let now = await health.resumedAt
        guard now != resumedAt else { return }
        resumedAt = now
        localHold?.nextProbe = .now
        await reload()
    }

    /// One request after each interval tries whether the cause is gone.
    private func passLocalHold(_ kind: RequestKind) async -> Permission {
        guard let local = localHold else { return .granted }
        guard local.nextProbe <= .now else { return later(kind, local.nextProbe - .now) }
        localHold?.nextProbe = .now + definition.breaker.heldProbe
        await reload()
        return .probe
    }

    private func begin(trialOf kind: RequestKind) -> Permission {
        if let until = tryingUntil[kind], .now < until { return later(kind, Self.requestInProgress) }
        tryingUntil[kind] = .now + definition.timeouts.whole + .seconds(5)
        return .trial
    }

    private func beginProbe(_ kind: RequestKind, isSuspect: Bool) async -> Permission {
        if let probingUntil, .now < probingUntil { return later(kind, Self.requestInProgress) }
        if let probeLostAt, .now < probeLostAt + Self.requestInProgress { return later(kind, Self.requestInProgress) }
        let isHeld = await health.hold != nil
        // A request of a job that was not refused says more about the provider. If one waits, it asks within this time.
        if isHeld, isSuspect, let lastOther, .now - lastOther < Self.longestDelay + Self.requestInProgress,
            await health.openedFor < definition.breaker.heldProbe * 2
        {
            return later(kind, definition.breaker.heldProbe / 2)
        }
        let timeout = definition.timeouts.whole + .seconds(5)
        probingUntil = .now + timeout
        let begun = await health.update { [name] health, now in health.breaker.beginProbe(by: name, timeout: timeout, now: now) }
        if begun == true {
            if isHeld { await reload() }
            return .probe
        }
        (probingUntil, probeLostAt) = (nil, .now)
        let isClosed = await health.breakerState == .closed
        return begun == false && isClosed ? .granted : later(kind, Self.requestInProgress)
    }

    /// Spreads delayed requests over time, so that few of a backlog ask again in vain.
    private func later(_ kind: RequestKind, _ wait: Duration) -> Permission {
        let now = ContinuousClock.now
        let next = max(now + min(wait, Self.longestDelay), (lastReturn[kind] ?? now) + Self.returnInterval)
        // A very large backlog is spread more densely rather than over hours.
        lastReturn[kind] = min(next, now + Self.longestDelay * 2)
        if lastReturn.count > 100 { lastReturn = lastReturn.filter { $0.value > now } }
        return .wait(min(next, now + Self.longestDelay * 2) - now)
    }

    /// Checks that have a permit of their rate, and none of the budget.
    private func giveBackChecks(_ number: Int) async {
        guard number > 0, let rate = definition.limits.checks else { return }
        do {
            try await store.giveBackChecks(number, provider: definition.name, rate: rate)
        } catch {
            repeated.warning(
                key: "permits", "\(number) permits for checks were not given back: \(error)", metadata: ["provider": "\(definition.name)"])
        }
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
