import EventThread
import ExportCore
import JobStore
import Telemetry

/// A provider's health, shared by all orchestrators and workers: circuit breaker, holds and pauses.
///
/// The outcomes of requests are collected here and sent to the store twice a second, soon after a failure, and at once after a probe. The
/// same exchange reads the outcomes of other orchestrators. While the store is unreachable, the last known health stays in force.
actor SharedHealth {
    private let provider: String
    private let policy: BreakerPolicy
    private let retry: RetryPolicy
    private let store: JobStore
    private let watcher: BreakerWatcher
    private let repeated: RateLimitedLog
    private let thread: EventThread
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    private var health = ProviderHealth()
    /// The store's clock when the health was read, and this process's.
    private var read: (now: Int64, at: ContinuousClock.Instant)?
    /// The number of exchanges started, and the number of the one that returned `health`.
    private var lastExchange = 0, lastUpdate = 0
    private var adopted = 0
    /// Outcomes not yet sent to the store.
    private var tally = RequestTally()
    private var changes: [HealthChange] = []
    /// What exchanges under way are storing. Another exchange may read the store before they do, and must not forget it.
    private var underWay: [Int: [HealthChange]] = [:]
    private var impediment: CircuitBreaker.Hold?
    private var nextExchange: (timer: TimerHandle, due: ContinuousClock.Instant)?
    private var reading: Task<Void, Never>?

    private static let exchangeInterval = Duration.milliseconds(500)
    /// The delay of an exchange after a failure or a pause.
    private static let soon = Duration.milliseconds(50)
    /// Nothing is read while no requests are sent. A health older than this is read again before it is used.
    private static let stale = Duration.seconds(2)

    init(
        _ provider: String, policy: BreakerPolicy, retry: RetryPolicy, store: JobStore, watcher: BreakerWatcher, repeated: RateLimitedLog,
        on thread: EventThread
    ) {
        self.provider = provider
        self.policy = policy
        self.retry = retry
        self.store = store
        self.watcher = watcher
        self.repeated = repeated
        self.thread = thread
    }

    var breakerState: CircuitBreaker.State { health.breaker.state }
    var hold: CircuitBreaker.Hold? { health.breaker.hold }
    /// How long ago the breaker opened, or the last probe failed.
    var openedFor: Duration { .milliseconds(max(now - health.breaker.changedAt, 0)) }
    func isSlow(_ kind: RequestKind) -> Bool { health.slow(kind) != nil }
    func isSilent(_ kind: RequestKind) -> Bool { health.slow(kind)?.isSilent == true }
    /// How many holds have ended.
    private(set) var lifts = 0
    /// When an operator last resumed the provider, by the store's clock.
    var resumedAt: Int64? { health.resumedAt }

    func obstacle(_ kind: RequestKind) -> (why: ProviderHealth.Obstacle, lasted: Duration, now: Int64)? {
        guard let why = health.obstacle(kind, now: now) else { return nil }
        let since: Int64 =
            switch why {
            case .held(let hold): hold.since
            case .throttled(let slow), .silent(let slow): slow.since
            case .down: health.breaker.changedAt
            case .paused: now
            }
        return (why, .milliseconds(max(now - since, 0)), now)
    }

    /// How long requests of a kind must wait; zero if they may be sent now. Reads the health again if it is stale.
    func wait(_ kind: RequestKind) async -> Duration {
        if read.map({ .now - $0.at > Self.stale }) ?? true { await readAgain() }
        return health.wait(kind, now: now)
    }

    /// Counts a request.
    /// - Parameter isAnswered: by the provider, whatever it says, but not by a server error.
    func record(isDown: Bool, isSlow: Bool, isAnswered: Bool) {
        if isAnswered { worked(.requests) }
        tally += RequestTally(requests: 1, failures: isDown ? 1 : 0, slow: isSlow ? 1 : 0)
        exchange(within: isDown || changes.contains(where: \.isUrgent) ? Self.soon : Self.exchangeInterval)
    }

    func worked(_ work: FailureLog.Work) {
        // Nearly always nothing has failed.
        guard health.failures(of: work) != nil else { return }
        change(.worked(work))
    }

    /// Something that was learned. It applies here at once, and to the others with the next exchange.
    func change(_ change: HealthChange) {
        let before = health
        change.apply(to: &health, retry: retry, breaker: policy, now: now)
        // The answers to requests that were under way together teach the same.
        guard health != before else { return }
        if before.breaker.hold != nil, health.breaker.hold == nil { lifts += 1 }
        if health.breaker.state != before.breaker.state {
            watcher.changed(provider, health.breaker, before: before.breaker, isOurs: true)
        }
        HealthChange.add(change, to: &changes)
        exchange(within: change.isUrgent ? Self.soon : Self.exchangeInterval)
    }

    /// Why this process alone cannot ask the provider; `nil`: it can again.
    func note(_ hold: CircuitBreaker.Hold?, by process: String) {
        watcher.impeded(provider, hold, before: impediment)
        impediment = hold
        change(.impediment(hold, process: process, life: max(Self.noteLife, policy.heldProbe * 2)))
    }

    /// A process repeats its note with each probe.
    private static let noteLife = Duration.seconds(300)

    /// Withdraws the note of a process that ends, and shares what it learned last.
    func close(_ process: String) async {
        if impediment != nil { change(.impediment(nil, process: process, life: .zero)) }
        if !changes.isEmpty { await update { _, _ in } }
    }

    /// Reads the shared health, adds the collected outcomes, applies `change` and stores the result. Repeats if another orchestrator stored
    /// first.
    /// - Returns: the result of `change`; `nil` if the store is unreachable, or if another orchestrator stored first each time.
    @discardableResult
    func update<Value: Sendable>(_ change: @Sendable (inout ProviderHealth, Int64) -> Value) async -> Value? {
        let (tally, changes) = (self.tally, self.changes)
        (self.tally, self.changes) = (RequestTally(), [])
        lastUpdate += 1
        let number = lastUpdate
        underWay[number] = changes.isEmpty ? nil : changes
        defer { underWay[number] = nil }
        var mayBeStored = false
        do {
            for _ in 0..<20 {
                lastExchange += 1
                let exchange = lastExchange
                let stored = try await store.health(of: provider)
                var next = stored.health
                if tally.requests > 0 { next.breaker.record(tally, policy: policy, now: stored.now) }
                for change in changes { change.apply(to: &next, retry: retry, breaker: policy, now: stored.now) }
                let value = change(&next, stored.now)
                if next != stored.health {
                    mayBeStored = true
                    guard
                        try await store.setHealth(
                            next, of: provider, read: stored.version, before: stored.health, by: watcher.process)
                    else {
                        mayBeStored = false
                        continue
                    }
                }
                underWay[number] = nil
                adopt(next, exchange, from: stored)
                return value
            }
            keep(tally, changes)
        } catch {
            // Outcomes that may have been stored must not be counted twice.
            keep(mayBeStored ? RequestTally() : tally, changes)
            repeated.warning(
                key: "health", "the health of a provider could not be shared, the last known stays in force: \(error)",
                metadata: ["provider": "\(provider)"])
        }
        return nil
    }
}

extension SharedHealth {
    /// The store's clock, estimated from the last exchange.
    var now: Int64 {
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

    private func keep(_ tally: RequestTally, _ changes: [HealthChange]) {
        self.tally += tally
        let later = self.changes
        self.changes = changes
        for change in later { HealthChange.add(change, to: &self.changes) }
        // Nobody else may have a reason to.
        if !self.changes.isEmpty { exchange(within: Self.exchangeInterval) }
    }

    /// A later exchange of this process may have ended first. Otherwise the value of the store replaces the known one: it may have been
    /// emptied.
    private func adopt(_ next: ProviderHealth, _ exchange: Int, from stored: StoredHealth) {
        guard exchange > adopted else { return }
        adopted = exchange
        let isFirst = read == nil
        let (before, resumedBefore) = (health.breaker, health.resumedAt)
        health = next
        read = (stored.now, .now)
        // After an operator's resume nothing was accepted yet.
        if before.hold != nil, next.breaker.hold == nil, next.resumedAt == resumedBefore { lifts += 1 }
        // What was learned meanwhile stays in force here.
        for change in underWay.sorted(by: { $0.key < $1.key }).flatMap(\.value) + changes {
            change.apply(to: &health, retry: retry, breaker: policy, now: stored.now)
        }
        if next.breaker.state != before.state || next.breaker.hold?.code != before.hold?.code || isFirst {
            watcher.changed(provider, next.breaker, before: before, isOurs: next.breaker.state != stored.health.breaker.state)
        }
    }
}
