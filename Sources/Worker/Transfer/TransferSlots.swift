import EventThread
import Metrics

/// The transfers in progress: it bounds how many there are, and reaches all of them at a shutdown. The intake waits here before it takes
/// more messages: that is the back-pressure.
actor TransferSlots {
    private let places: WorkLimiter
    /// Tasks that have left their places and only write a manifest, at most as many as there are places: one holds little memory, and
    /// for small files takes as long as the transfer.
    private let endings: WorkLimiter
    private let active: Gauge
    private var tasks: [Int: Task<Void, Never>] = [:]
    private var leases: [Int: FileLease] = [:]
    private var ending: Set<Int> = []
    private var lastID = 0
    private let thread: EventThread
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    init(_ limit: Int, active: Gauge, on thread: EventThread) {
        places = WorkLimiter(limit, on: thread)
        endings = WorkLimiter(limit, on: thread)
        self.active = active
        self.thread = thread
    }

    /// Waits until there is room.
    /// - Returns: how many transfers may start; 0 after `close`.
    func room() async -> Int { await places.room() }

    /// The work that remains after a transfer has ended.
    typealias Ending = @Sendable () async -> Void

    /// - Parameters:
    ///   - lease: of the file, for `oldestHeartbeat`.
    ///   - work: returns the work that remains and does not need the place.
    func start(lease: FileLease? = nil, _ work: @escaping @Sendable () async -> Ending?) {
        places.assumeIsolated { $0.enter() }
        lastID += 1
        let id = lastID
        leases[id] = lease
        tasks[id] = Task(executorPreference: thread) {
            if let ending = await work() {
                await self.leavePlace(id)
                await ending()
            }
            await self.leave(id)
        }
        active.record(tasks.count)
    }

    private func leavePlace(_ id: Int) {
        leases[id] = nil
        guard endings.assumeIsolated({ $0.count < $0.limit }) else { return }
        ending.insert(id)
        endings.assumeIsolated { $0.enter() }
        places.assumeIsolated { $0.leave() }
    }

    private func leave(_ id: Int) {
        tasks[id] = nil
        leases[id] = nil
        active.record(tasks.count)
        let limiter = ending.remove(id) == nil ? places : endings
        limiter.assumeIsolated { $0.leave() }
    }

    /// Ends the waiting for room.
    func close() async { await places.close() }

    func cancelAll() {
        for task in tasks.values { task.cancel() }
    }

    var isBusy: Bool { !tasks.isEmpty }

    /// Waits until nothing is in progress, for `limit` at most.
    /// - Returns: how many transfers are still in progress.
    func drain(within limit: Duration) async -> Int {
        let deadline = ContinuousClock.now + limit
        // A transfer that leaves its place becomes an ending in the same step.
        await places.drain(until: deadline)
        await endings.drain(until: deadline)
        return tasks.count
    }

    /// The age of the oldest last heartbeat among all transfers; `nil` without transfers.
    func oldestHeartbeat() async -> Duration? {
        var oldest: Duration?
        for lease in leases.values { oldest = max(oldest ?? .zero, await lease.age) }
        return oldest
    }
}
