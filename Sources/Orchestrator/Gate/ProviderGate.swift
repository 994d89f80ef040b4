import EventThread
import ExportCore
import JobStore
import Logging
import ProviderAPI
import Telemetry

/// Whether a provider may be asked now: its circuit breaker, the pauses that it asked for, and its limits, all shared with the other
/// orchestrators through the store.
///
/// What requests come to is collected here and told to the store twice a second, soon after a failure, and at once after a probe; what
/// the others told is read on the same occasion. While the store cannot be reached, the last known goes on.
actor ProviderGate {
    enum Permission: Sendable, Equatable {
        case granted
        /// The one request that tries a provider which was down; its outcome must be reported.
        case probe
        /// Not now; nothing was counted.
        case wait(Duration)
    }

    let provider: String
    let store: JobStore
    let definition: ProviderDefinition
    let name: String
    let watcher: BreakerWatcher
    let repeated: RateLimitedLog
    let thread: EventThread
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    var health = ProviderHealth()
    /// The store's clock when the health was read, and ours.
    var read: (now: Int64, at: ContinuousClock.Instant)?
    /// Exchanges with the store that were begun, and the one that `health` came with.
    var lastExchange = 0
    var adopted = 0
    var tally = RequestTally()
    var pauses: [RequestKind: Duration] = [:]
    var nextExchange: (timer: TimerHandle, due: ContinuousClock.Instant)?
    var reading: Task<Void, Never>?
    var askers: [@Sendable (Permission) -> Void] = []
    /// While this process has the probe. It ends by itself, as the shared one does, should nobody tell how it went.
    private var probingUntil: ContinuousClock.Instant?
    /// When the last of those comes back who were told to wait.
    private var lastReturn: [RequestKind: ContinuousClock.Instant] = [:]

    private static let exchangeInterval = Duration.milliseconds(500)
    /// After a failure.
    private static let soon = Duration.milliseconds(50)
    /// What was read so long ago, while nothing was asked of the provider, is read again before something is.
    private static let stale = Duration.seconds(2)
    /// From one to the next of those who come back: while nothing gets through, asking shall cost little.
    private static let returnInterval = Duration.milliseconds(2)

    /// - Parameter name: of this orchestrator, unique among them.
    init(
        _ definition: ProviderDefinition, store: JobStore, name: String, watcher: BreakerWatcher, logger: Logger, on thread: EventThread
    ) {
        self.provider = definition.name
        self.definition = definition
        self.store = store
        self.name = name
        self.watcher = watcher
        self.thread = thread
        repeated = RateLimitedLog(logger)
    }

    /// Asks for the right to send one request.
    func admit(_ kind: RequestKind) async -> Permission {
        let permission = await pass(kind)
        guard permission == .granted, kind == .check, definition.limits.checks != nil else { return permission }
        return await withCheckedContinuation { continuation in permit { continuation.resume(returning: $0) } }
    }

    /// Asks for the right to send one check. Takes a task only when the store must be asked about the provider's health first.
    func admitCheck(_ then: @escaping @Sendable (Permission) -> Void) {
        guard let permission = passAtOnce(.check) else {
            Task(executorPreference: thread) { then(await self.admit(.check)) }
            return
        }
        guard permission == .granted, definition.limits.checks != nil else { return then(permission) }
        permit(then)
    }

    /// Tells how a request ended.
    /// - Parameter failure: `nil` when the provider answered as it should.
    func report(_ kind: RequestKind, _ permission: Permission, failure: Failure?, took: Duration) async {
        guard permission == .probe else { return report(kind, failure: failure, took: took) }
        note(kind, failure)
        await endProbe(succeeded: !Self.isDown(failure) && took <= definition.breaker.slowAfter)
    }

    /// The same for a request that was no probe, which nobody has to wait for.
    func report(_ kind: RequestKind, failure: Failure?, took: Duration) {
        let isDown = Self.isDown(failure)
        note(kind, failure)
        tally += RequestTally(requests: 1, failures: isDown ? 1 : 0, slow: took > definition.breaker.slowAfter ? 1 : 0)
        exchange(within: isDown || !pauses.isEmpty ? Self.soon : Self.exchangeInterval)
    }

    /// A pause that the provider asks for holds here at once.
    private func note(_ kind: RequestKind, _ failure: Failure?) {
        guard let failure, failure.failureClass == .throttled else { return }
        let time = failure.retryAfter ?? definition.retry.base
        pauses[kind] = max(pauses[kind] ?? .zero, time)
        health.pause(kind, for: time, now: now)
    }

    /// What a failure is to its job: that of a probe is not counted, since it was sent for all.
    nonisolated static func forJob(_ failure: Failure, _ permission: Permission) -> Failure {
        guard permission == .probe, countsAgainstProvider(failure) else { return failure }
        var failure = failure
        failure.countsAsAttempt = false
        return failure
    }

    /// A granted probe had nothing to be sent for.
    func withdraw(_ permission: Permission) async {
        guard permission == .probe else { return }
        await update { [name] health, _ in health.breaker.withdrawProbe(by: name) }
        probingUntil = nil
    }

    private nonisolated static func isDown(_ failure: Failure?) -> Bool { failure.map(countsAgainstProvider) ?? false }

    /// An answer of the provider that says that it asks for too much, or refuses what we ask, shows that it works; and what this process
    /// could not send says nothing of it.
    private nonisolated static func countsAgainstProvider(_ failure: Failure) -> Bool {
        failure.failureClass == .transient && !["overloaded", "cancelled", "shut-down", "timeout-queue"].contains(failure.code)
    }
}

extension ProviderGate {
    private var isStale: Bool { read.map { .now - $0.at > Self.stale } ?? true }

    /// `nil` when the store must be asked first, or told of a probe.
    private func passAtOnce(_ kind: RequestKind) -> Permission? { isStale ? nil : passAsKnown(kind) }

    private func passAsKnown(_ kind: RequestKind) -> Permission? {
        let wait = health.wait(kind, now: now)
        if wait > .zero { return later(kind, wait) }
        return health.breaker.state == .closed ? .granted : nil
    }

    private func pass(_ kind: RequestKind) async -> Permission {
        if isStale { await readAgain() }
        if let known = passAsKnown(kind) { return known }
        if let probingUntil, .now < probingUntil { return later(kind, .milliseconds(500)) }
        let timeout = definition.timeouts.whole + .seconds(5)
        probingUntil = .now + timeout
        let begun = await update { [name] health, now in health.breaker.beginProbe(by: name, timeout: timeout, now: now) }
        if begun == true { return .probe }
        probingUntil = nil
        return begun == false && health.breaker.state == .closed ? .granted : later(kind, .milliseconds(500))
    }

    /// One after the other, not all at the same moment: of a whole backlog that waits for one end, few ask in vain.
    private func later(_ kind: RequestKind, _ wait: Duration) -> Permission {
        let next = max(ContinuousClock.now + wait, (lastReturn[kind] ?? .now) + Self.returnInterval)
        lastReturn[kind] = next
        return .wait(next - .now)
    }

    private func endProbe(succeeded: Bool) async {
        let policy = definition.breaker
        await update { [name] health, now in health.breaker.endProbe(by: name, succeeded: succeeded, policy: policy, now: now) }
        probingUntil = nil
        if health.breaker.state == .closed { lastReturn = [:] }
    }
}
