import EventThread
import ExportCore
import JobStore
import Logging
import Metrics
import Retry

/// A worker's right to transfer a file. A heartbeat extends it every third of its length. It ends as soon as the store says that it is
/// lost, or, while the store is unreachable, as soon as it has certainly expired.
actor FileLease {
    private let store: JobStore
    private let claimed: ClaimedFile
    private let length: Duration
    private let extensions: Counter
    private let logger: Logger
    private let thread: EventThread
    private var guarded: Guarded?
    private var backoff = LoopBackoff()
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    /// No other worker can claim the file earlier. Counted from before the request that was granted, by a clock that also runs while the
    /// machine sleeps.
    private var heldUntil: ContinuousClock.Instant

    /// What runs while the lease is held. Its timers are the thread's own: nearly all are cancelled before they fire, and a sleeping task
    /// would cost more than the transfer of a small file.
    private struct Guarded {
        let cancel: @Sendable () -> Void
        var end: TimerHandle?
        var nextBeat: TimerHandle?
        var beat: Task<Void, Never>?
        var isLost = false
    }

    init(
        _ claimed: ClaimedFile, since claimedAt: ContinuousClock.Instant, length: Duration, store: JobStore, extensions: Counter,
        logger: Logger, on thread: EventThread
    ) {
        self.claimed = claimed
        self.length = length
        self.extensions = extensions
        self.store = store
        self.logger = logger
        self.thread = thread
        heldUntil = claimedAt + length
    }

    /// Call it right before an effect: a process that was frozen does not know yet that its heartbeat is overdue.
    func requireHeld() throws(LeaseLost) {
        guard isHeld else { throw LeaseLost() }
    }

    var isHeld: Bool { .now < heldUntil }

    /// Waits before the store is asked again how an attempt ended.
    /// - Returns: `false` when the lease has expired, so that the file's timer brings it back.
    func pauseWhileHeld() async -> Bool {
        guard isHeld else { return false }
        let delay = backoff.next()
        do { try await Task.sleep(for: delay) } catch { return false }
        return isHeld
    }

    /// How long ago the last successful heartbeat was sent.
    var age: Duration { .now - (heldUntil - length) }

    /// Runs `body` while the lease is held; one `body` at a time.
    /// - Throws: `LeaseLost`, after `body` was cancelled and has ended; and what `body` throws.
    func whileHeld<Value: Sendable>(_ body: @escaping @Sendable () async throws -> Value) async throws -> Value {
        try requireHeld()
        let work = Task(executorPreference: thread) { try await body() }
        guarded = Guarded { work.cancel() }
        watchEnd()
        beatLater()
        let result = await withTaskCancellationHandler {
            await work.result
        } onCancel: {
            work.cancel()
        }
        if stopGuarding() { throw LeaseLost() }
        return try result.get()
    }

    /// A claim that the store granted no longer ago than this is not confirmed before its effect: asking the store, and naming an object
    /// afterwards, takes about as long.
    static let freshTime = Duration.milliseconds(250)

    /// `confirm`, unless the store granted the lease within `freshTime`, as it usually did for a small file.
    func confirmUnlessFresh() async throws {
        guard age >= Self.freshTime else { return }
        try await confirm()
    }

    /// Asks the store to extend the lease, until it answers.
    /// - Throws: `LeaseLost`; `CancellationError`.
    func confirm() async throws {
        // Not exponential: the lease bounds how often, and the store's first answer must come in time.
        let pause = { self.length / 20 * (0.5 + Jitter.shared.next()) }
        let grant = await retry(pause: pause, until: { !isHeld }) { () async throws(JobStoreError) in
            let sentAt = ContinuousClock.now
            return (isGranted: try await store.extendFile(claimed, lease: length), sentAt: sentAt)
        } onFailure: { error in
            if Task.isCancelled { return false }
            logger.warning("the store did not answer a heartbeat: \(error)")
            return true
        }
        guard let grant else {
            try Task.checkCancellation()
            throw LeaseLost()
        }
        guard grant.isGranted else { throw LeaseLost() }
        heldUntil = max(heldUntil, grant.sentAt + length)
        extensions.increment()
    }
}

extension FileLease {
    private func beatLater() {
        guarded?.nextBeat = thread.schedule(after: length / 3) { [weak self] in self?.assumeIsolated { $0.beatNow() } }
    }

    private func beatNow() {
        guarded?.beat = Task(executorPreference: thread) { await self.beat() }
    }

    private func beat() async {
        do {
            try await confirm()
            beatLater()
        } catch {
            if error is LeaseLost { lose() }
        }
    }

    /// A heartbeat may hang until long after the lease has expired.
    private func watchEnd() {
        guarded?.end = thread.schedule(after: heldUntil - .now) { [weak self] in
            self?.assumeIsolated { lease in
                if .now < lease.heldUntil { lease.watchEnd() } else { lease.lose() }
            }
        }
    }

    private func lose() {
        guarded?.isLost = true
        guarded?.cancel()
    }

    /// - Returns: whether the lease was lost meanwhile.
    private func stopGuarding() -> Bool {
        guard let guarded else { return false }
        self.guarded = nil
        for timer in [guarded.end, guarded.nextBeat].compactMap(\.self) { thread.cancel(timer) }
        guarded.beat?.cancel()
        return guarded.isLost
    }
}
