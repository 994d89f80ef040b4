import EventThread
import Metrics

/// The bound on what a worker has in hand at once, and the way to all of it at a shutdown. The intake waits here before it takes more
/// in: that is the back-pressure.
actor TransferSlots {
    private let limit: Int
    private let active: Gauge
    private var tasks: [Int: Task<Void, Never>] = [:]
    private var leases: [Int: FileLease] = [:]
    /// Tasks that have left their places and only write a manifest, at most as many as there are places: one holds little memory, and
    /// for small files takes as long as the transfer.
    private var ending: Set<Int> = []
    private var lastID = 0
    private var isClosed = false
    private var waiters: [CheckedContinuation<Void, Never>] = []
    private let thread: EventThread
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    init(_ limit: Int, active: Gauge, on thread: EventThread) {
        self.limit = limit
        self.active = active
        self.thread = thread
    }

    /// Waits until there is room, and tells how much; none after `close`. Nothing is taken yet: there is one taker, which calls
    /// `start` next.
    func room() async -> Int {
        while isFull { await wait(while: { $0.isFull }) }
        return isClosed ? 0 : limit - places
    }

    /// What is left to do when a transfer is over.
    typealias Ending = @Sendable () async -> Void

    /// - Parameters:
    ///   - lease: what the work depends on, for `oldestHeartbeat`.
    ///   - work: returns what is left to do without the place.
    func start(lease: FileLease? = nil, _ work: @escaping @Sendable () async -> Ending?) {
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

    private var places: Int { tasks.count - ending.count }

    private func leavePlace(_ id: Int) {
        leases[id] = nil
        guard ending.count < limit else { return }
        ending.insert(id)
        wakeAll()
    }

    private func leave(_ id: Int) {
        tasks[id] = nil
        ending.remove(id)
        leases[id] = nil
        active.record(tasks.count)
        wakeAll()
    }

    private var isFull: Bool { !isClosed && places >= limit }

    /// Looks again where it can no longer be suspended: a caller without this executor may have been on its way here.
    private func wait(while mustWait: (isolated TransferSlots) -> Bool) async {
        await withCheckedContinuation { continuation in
            if mustWait(self) { waiters.append(continuation) } else { continuation.resume() }
        }
    }

    /// Lets nobody in any more.
    func close() {
        isClosed = true
        wakeAll()
    }

    func cancelAll() {
        for task in tasks.values { task.cancel() }
    }

    /// Waits until nothing is in hand, for `limit` at most.
    /// - Returns: how much is still in hand.
    func drain(within limit: Duration) async -> Int {
        let deadline = ContinuousClock.now + limit
        let timer = thread.schedule(after: limit) { [weak self] in self?.assumeIsolated { $0.wakeAll() } }
        while !tasks.isEmpty, .now < deadline { await wait(while: { !$0.tasks.isEmpty && .now < deadline }) }
        thread.cancel(timer)
        return tasks.count
    }

    /// How long ago the last heartbeat of the transfer whose heartbeat is oldest was sent; `nil` without transfers.
    func oldestHeartbeat() async -> Duration? {
        var oldest: Duration?
        for lease in leases.values { oldest = max(oldest ?? .zero, await lease.age) }
        return oldest
    }

    private func wakeAll() {
        let waiting = waiters
        waiters = []
        for waiter in waiting { waiter.resume() }
    }
}
