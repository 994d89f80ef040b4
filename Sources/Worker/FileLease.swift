import EventThread
import ExportCore
import JobStore
import Logging
import Retry

/// A worker's right to transfer a file: kept alive by a heartbeat every third of its length, and given up as soon as the store says
/// that it is lost, or, while the store cannot be reached, as soon as it has certainly run out.
actor FileLease {
    private let store: JobStore
    private let claimed: ClaimedFile
    private let length: Duration
    private let logger: Logger
    private let thread: EventThread
    private var guarded: Guarded?
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    /// Nobody else can have claimed the file before. Counted from before the request that was granted, by a clock that goes on
    /// while the machine sleeps.
    private(set) var heldUntil: ContinuousClock.Instant

    /// What goes on while the lease is held. Its timers are the thread's own: nearly all are cancelled before their time, and a task that
    /// sleeps would cost more than the transfer of a small file.
    private struct Guarded {
        let cancel: @Sendable () -> Void
        var end: TimerHandle?
        var nextBeat: TimerHandle?
        var beat: Task<Void, Never>?
        var isLost = false
    }

    init(
        _ claimed: ClaimedFile, since claimedAt: ContinuousClock.Instant, length: Duration, store: JobStore, logger: Logger,
        on thread: EventThread
    ) {
        self.claimed = claimed
        self.length = length
        self.store = store
        self.logger = logger
        self.thread = thread
        heldUntil = claimedAt + length
    }

    /// To be asked right before an effect: a process that was frozen does not know yet that its heartbeat is overdue.
    func requireHeld() throws(LeaseLost) {
        guard isHeld else { throw LeaseLost() }
    }

    var isHeld: Bool { .now < heldUntil }

    /// How long ago the last heartbeat that succeeded was sent.
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

    /// What the store granted no longer ago than this need not be confirmed right before its effect: to ask, and to name an object by the
    /// answer, takes about as long.
    static let freshTime = Duration.milliseconds(250)

    /// `confirm`, unless the store has granted the lease a moment ago, as is the rule for a small file.
    func confirmUnlessFresh() async throws {
        guard age >= Self.freshTime else { return }
        try await confirm()
    }

    /// Asks the store for the lease until it answers.
    /// - Throws: `LeaseLost`; `CancellationError`.
    func confirm() async throws {
        // Not exponential: the lease bounds how often, and the store's first answer must come in time.
        let pause = { self.length / 20 * Double.random(in: 0.5...1.5) }
        let grant = await retry(pause: pause, until: { !isHeld }) { () async throws(JobStoreError) in
            let sentAt = ContinuousClock.now
            return (isGranted: try await store.extendFile(claimed, lease: length), sentAt: sentAt)
        } onFailure: { error in
            if Task.isCancelled { return false }
            logger.warning("no heartbeat: \(error)")
            return true
        }
        guard let grant else {
            try Task.checkCancellation()
            throw LeaseLost()
        }
        guard grant.isGranted else { throw LeaseLost() }
        heldUntil = max(heldUntil, grant.sentAt + length)
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

    /// A heartbeat may hang until long after the lease is over.
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
