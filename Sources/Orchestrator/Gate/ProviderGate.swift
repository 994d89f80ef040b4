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

    private(set) var health = ProviderHealth()
    /// The store's clock when the health was read, and ours.
    private var read: (now: Int64, at: ContinuousClock.Instant)?
    private var version: Int64 = 0
    private var tally = RequestTally()
    private var pauses: [RequestKind: Duration] = [:]
    private var nextExchange: (timer: TimerHandle, due: ContinuousClock.Instant)?
    private var isProbing = false
    private var askers: [CheckedContinuation<Permission, Never>] = []

    private static let exchangeInterval = Duration.milliseconds(500)
    /// After a failure.
    private static let soon = Duration.milliseconds(50)
    /// What was read so long ago, while nothing was asked of the provider, is read again before something is.
    private static let stale = Duration.seconds(2)

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
        return await permit()
    }

    /// Tells how a request ended.
    /// - Parameter failure: `nil` when the provider answered as it should.
    func report(_ kind: RequestKind, _ permission: Permission, failure: Failure?, took: Duration) async {
        let isDown = failure.map(Self.countsAgainstProvider) ?? false
        let isSlow = took > definition.breaker.slowAfter
        if let failure, failure.failureClass == .throttled {
            let time = failure.retryAfter ?? definition.retry.base
            pauses[kind] = max(pauses[kind] ?? .zero, time)
            health.pause(kind, for: time, now: now)
        }
        if permission == .probe {
            await endProbe(succeeded: !isDown && !isSlow)
        } else {
            tally += RequestTally(requests: 1, failures: isDown ? 1 : 0, slow: isSlow ? 1 : 0)
            exchange(within: isDown || !pauses.isEmpty ? Self.soon : Self.exchangeInterval)
        }
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
        isProbing = false
    }

    /// An answer of the provider that says that it asks for too much, or refuses what we ask, shows that it works; and what this process
    /// could not send says nothing of it.
    private nonisolated static func countsAgainstProvider(_ failure: Failure) -> Bool {
        failure.failureClass == .transient && !["overloaded", "cancelled", "shut-down", "timeout-queue"].contains(failure.code)
    }
}

extension ProviderGate {
    private func pass(_ kind: RequestKind) async -> Permission {
        if read.map({ .now - $0.at > Self.stale }) ?? true { await update { _, _ in } }
        let wait = health.wait(kind, now: now)
        if wait > .zero {
            // Whoever waits for the same end comes back spread over a while.
            return .wait(wait + min(max(wait, .milliseconds(500)), .seconds(10)) * Double.random(in: 0..<1))
        }
        if health.breaker.state == .closed { return .granted }
        if isProbing { return .wait(Self.untilProbeEnds) }
        isProbing = true
        let timeout = definition.timeouts.whole + .seconds(5)
        let begun = await update { [name] health, now in health.breaker.beginProbe(by: name, timeout: timeout, now: now) }
        if begun == true { return .probe }
        isProbing = false
        return begun == false && health.breaker.state == .closed ? .granted : .wait(Self.untilProbeEnds)
    }

    private static var untilProbeEnds: Duration { .milliseconds(500) + .seconds(Double.random(in: 0..<2)) }

    private func endProbe(succeeded: Bool) async {
        let policy = definition.breaker
        await update { [name] health, now in health.breaker.endProbe(by: name, succeeded: succeeded, policy: policy, now: now) }
        isProbing = false
    }

    /// The store's clock, as far as it can be known here.
    private var now: Int64 {
        guard let read else { return 0 }
        return read.now + Int64((ContinuousClock.now - read.at) / .milliseconds(1))
    }

    private func exchange(within delay: Duration) {
        let due = ContinuousClock.now + delay
        if let next = nextExchange {
            guard due < next.due else { return }
            thread.cancel(next.timer)
        }
        let timer = thread.schedule(after: delay) { [weak self] in self?.assumeIsolated { $0.beginExchange() } }
        nextExchange = (timer, due)
    }

    private func beginExchange() {
        nextExchange = nil
        Task(executorPreference: thread) { await self.update { _, _ in } }
    }

    /// Reads the shared health, adds what was collected here and what `change` does, and stores it; again when somebody else was faster.
    /// - Returns: what `change` returned; `nil` when the store could not be reached.
    @discardableResult
    private func update<Value: Sendable>(_ change: @Sendable (inout ProviderHealth, Int64) -> Value) async -> Value? {
        let (tally, pauses) = (self.tally, self.pauses)
        (self.tally, self.pauses) = (RequestTally(), [:])
        do {
            while true {
                let stored = try await store.health(of: provider)
                var next = stored.health
                if tally.requests > 0 { next.breaker.record(tally, policy: definition.breaker, now: stored.now) }
                for (kind, time) in pauses { next.pause(kind, for: time, now: stored.now) }
                let value = change(&next, stored.now)
                let isChanged = next != stored.health
                if isChanged {
                    guard try await store.setHealth(next, of: provider, read: stored.version) else { continue }
                }
                adopt(next, version: stored.version + (isChanged ? 1 : 0), from: stored)
                return value
            }
        } catch {
            // Counted again when the store answers.
            self.tally += tally
            for (kind, time) in pauses { self.pauses[kind] = max(self.pauses[kind] ?? .zero, time) }
            repeated.warning(key: "health", "what is known of the provider's health could not be shared: \(error)", metadata: ["provider": "\(provider)"])
            return nil
        }
    }

    private func adopt(_ next: ProviderHealth, version: Int64, from stored: StoredHealth) {
        // Another exchange of this process may have read later and come first.
        guard version >= self.version else { return }
        self.version = version
        let isFirst = read == nil
        let before = health.breaker.state
        health = next
        read = (stored.now, .now)
        if next.breaker.state != before || isFirst {
            watcher.changed(provider, next.breaker, isOurs: next.breaker.state != stored.health.breaker.state)
        }
    }
}

extension ProviderGate {
    /// Asks together with the others of this turn.
    private func permit() async -> Permission {
        await withCheckedContinuation { continuation in
            askers.append(continuation)
            if askers.count == 1 { thread.atTurnEnd { [weak self] in self?.assumeIsolated { $0.askForPermits() } } }
        }
    }

    private func askForPermits() {
        let waiting = askers
        askers = []
        guard !waiting.isEmpty, let rate = definition.limits.checks else { return }
        Task(executorPreference: thread) {
            do {
                let permits = try await self.store.checkPermits(waiting.count, provider: self.provider, rate: rate)
                for (position, asker) in waiting.enumerated() {
                    let denied = position - permits.granted
                    asker.resume(returning: denied < 0 ? .granted : .wait(permits.first + permits.interval * denied))
                }
            } catch {
                self.repeated.warning(key: "permits", "no permits for checks: \(error)", metadata: ["provider": "\(self.provider)"])
                for asker in waiting { asker.resume(returning: .wait(.seconds(1) + .seconds(Double.random(in: 0..<1)))) }
            }
        }
    }
}
