import EventThread
import ExportCore
import JobStore
import Logging

/// A worker's right to transfer a file: kept alive by a heartbeat every third of its length, and given up as soon as the store says
/// that it is lost, or, while the store cannot be reached, as soon as it has certainly run out.
actor FileLease {
    private let store: JobStore
    private let claimed: ClaimedFile
    private let length: Duration
    private let logger: Logger
    private let thread: EventThread
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    /// Nobody else can have claimed the file before. Counted from before the request that was granted, by a clock that goes on
    /// while the machine sleeps.
    private(set) var heldUntil: ContinuousClock.Instant

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
        guard .now < heldUntil else { throw LeaseLost() }
    }

    /// How long ago the last heartbeat that succeeded was sent.
    var age: Duration { .now - (heldUntil - length) }

    /// Runs `body` while the lease is held.
    /// - Throws: `LeaseLost`, after `body` was cancelled and has ended; and what `body` throws.
    func whileHeld<Value: Sendable>(_ body: @escaping @Sendable () async throws -> Value) async throws -> Value {
        try await withThrowingTaskGroup(of: Value?.self) { group in
            group.addTask { try await self.keepAlive() }
            group.addTask { try await self.waitForEnd() }
            group.addTask { try await body() }
            defer { group.cancelAll() }
            while let value = try await group.next() {
                if let value { return value }
            }
            throw CancellationError()
        }
    }

    /// Asks the store for the lease until it answers.
    /// - Throws: `LeaseLost`; `CancellationError`.
    func confirm() async throws {
        while true {
            let sentAt = ContinuousClock.now
            let isGranted: Bool?
            do {
                isGranted = try await store.extendFile(claimed, lease: length)
            } catch {
                if Task.isCancelled { throw CancellationError() }
                logger.warning("no heartbeat: \(error)")
                isGranted = nil
            }
            if isGranted == false { throw LeaseLost() }
            if isGranted == true {
                heldUntil = max(heldUntil, sentAt + length)
                return
            }
            try await Task.sleep(for: length / 20 * Double.random(in: 0.5...1.5))
            try requireHeld()
        }
    }

    private func keepAlive() async throws -> Never {
        while true {
            try await Task.sleep(for: length / 3)
            try await confirm()
        }
    }

    /// A heartbeat may hang until long after the lease is over.
    private func waitForEnd() async throws -> Never {
        while true {
            try requireHeld()
            try await Task.sleep(until: heldUntil, clock: .continuous)
        }
    }
}
