import EventThread
import ExportCore
import JobStore
import Telemetry

/// A provider's health, shared by all orchestrators: circuit breaker and pauses.
///
/// The outcomes of requests are collected here and sent to the store twice a second, soon after a failure, and at once after a probe. The
/// same exchange reads the outcomes of other orchestrators. While the store is unreachable, the last known health stays in force.
actor SharedHealth {
    private let provider: String
    private let policy: BreakerPolicy
    private let store: JobStore
    private let watcher: BreakerWatcher
    private let repeated: RateLimitedLog
    private let thread: EventThread
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    private var health = ProviderHealth()
    /// The store's clock when the health was read, and this process's.
    private var read: (now: Int64, at: ContinuousClock.Instant)?
    /// The number of exchanges started, and the number of the one that returned `health`.
    private var lastExchange = 0
    private var adopted = 0
    /// Outcomes not yet sent to the store.
    private var tally = RequestTally()
    private var pauses: [RequestKind: Duration] = [:]
    private var nextExchange: (timer: TimerHandle, due: ContinuousClock.Instant)?
    private var reading: Task<Void, Never>?

    private static let exchangeInterval = Duration.milliseconds(500)
    /// The delay of an exchange after a failure or a pause.
    private static let soon = Duration.milliseconds(50)
    /// Nothing is read while no requests are sent. A health older than this is read again before it is used.
    private static let stale = Duration.seconds(2)

    init(
        _ provider: String, policy: BreakerPolicy, store: JobStore, watcher: BreakerWatcher, repeated: RateLimitedLog,
        on thread: EventThread
    ) {
        self.provider = provider
        self.policy = policy
        self.store = store
        self.watcher = watcher
        self.repeated = repeated
        self.thread = thread
    }

    var breakerState: CircuitBreaker.State { health.breaker.state }

    /// How long requests of a kind must wait; zero if they may be sent now. Reads the health again if it is stale.
    func wait(_ kind: RequestKind) async -> Duration {
        if read.map({ .now - $0.at > Self.stale }) ?? true { await readAgain() }
        return health.wait(kind, now: now)
    }

    /// Counts a request.
    func record(isDown: Bool, isSlow: Bool) {
        tally += RequestTally(requests: 1, failures: isDown ? 1 : 0, slow: isSlow ? 1 : 0)
        exchange(within: isDown || !pauses.isEmpty ? Self.soon : Self.exchangeInterval)
    }

    /// A pause that the provider asked for. It applies here at once, and to the others with the next exchange.
    func pause(_ kind: RequestKind, for time: Duration) {
        pauses[kind] = max(pauses[kind] ?? .zero, time)
        health.pause(kind, for: time, now: now)
    }

    /// Reads the shared health, adds the collected outcomes, applies `change` and stores the result. Repeats if another orchestrator stored
    /// first.
    /// - Returns: the result of `change`; `nil` if the store is unreachable, or if another orchestrator stored first each time.
    @discardableResult
    func update<Value: Sendable>(_ change: @Sendable (inout ProviderHealth, Int64) -> Value) async -> Value? {
        let (tally, pauses) = (self.tally, self.pauses)
        (self.tally, self.pauses) = (RequestTally(), [:])
        var mayBeStored = false
        do {
            for _ in 0..<20 {
                lastExchange += 1
                let exchange = lastExchange
                let stored = try await store.health(of: provider)
                var next = stored.health
                if tally.requests > 0 { next.breaker.record(tally, policy: policy, now: stored.now) }
                for (kind, time) in pauses { next.pause(kind, for: time, now: stored.now) }
                let value = change(&next, stored.now)
                if next != stored.health {
                    mayBeStored = true
                    guard try await store.setHealth(next, of: provider, read: stored.version) else {
                        mayBeStored = false
                        continue
                    }
                }
                adopt(next, exchange, from: stored)
                return value
            }
            keep(tally, pauses)
        } catch {
            // Outcomes that may have been stored must not be counted twice.
            keep(mayBeStored ? RequestTally() : tally, pauses)
            repeated.warning(
                key: "health", "the health of a provider could not be shared, the last known stays in force: \(error)",
                metadata: ["provider": "\(provider)"])
        }
        return nil
    }
}

extension SharedHealth {
    /// The store's clock, estimated from the last exchange.
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

    /// One read serves all callers that wait for it.
    private func readAgain() async {
        if let reading { return await reading.value }
        let task = Task(executorPreference: thread) { _ = await self.update { _, _ in } }
        reading = task
        await task.value
        reading = nil
    }

    private func keep(_ tally: RequestTally, _ pauses: [RequestKind: Duration]) {
        self.tally += tally
        for (kind, time) in pauses { self.pauses[kind] = max(self.pauses[kind] ?? .zero, time) }
    }

    /// A later exchange of this process may have ended first. Otherwise the value of the store replaces the known one: it may have been
    /// emptied.
    private func adopt(_ next: ProviderHealth, _ exchange: Int, from stored: StoredHealth) {
        guard exchange > adopted else { return }
        adopted = exchange
        let isFirst = read == nil
        let before = health.breaker.state
        health = next
        read = (stored.now, .now)
        if next.breaker.state != before || isFirst {
            watcher.changed(provider, next.breaker, isOurs: next.breaker.state != stored.health.breaker.state)
        }
    }
}
