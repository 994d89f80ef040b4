import EventThread
import ExportCore
import Redis

/// Collects changes and stores those of one partition by one script call: those of a turn, and where there are many, those of a few
/// milliseconds, since each call costs Redis as much as ten changes, and its share of an fsync.
actor ChangeBatcher {
    private let redis: Redis
    private let keep: Duration
    let thread: EventThread
    private var batches: [Int: Batch] = [:]
    private var willFlush = false
    private var lastFlush = ContinuousClock.now
    private var callsInFlight = 0
    private var whenIdle: [CheckedContinuation<Void, Never>] = []
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    /// A script runs alone: what it does at once is bounded, so that no other client waits long.
    private static let batchLimit = 128
    /// From one round of calls to the next. The first change after a pause does not wait.
    private static let spacing = Duration.milliseconds(5)

    typealias Waiter = @Sendable (Result<ChangeOutcome, JobStoreError>) -> Void

    private struct Batch {
        var arguments: [RedisArgument] = []
        var waiters: [Waiter] = []

        /// - Returns: how many changes there are now.
        mutating func add(_ change: JobChange, _ waiter: @escaping Waiter) -> Int {
            change.append(to: &arguments)
            waiters.append(waiter)
            return waiters.count
        }
    }

    init(redis: Redis, keep: Duration, on thread: EventThread) {
        self.redis = redis
        self.keep = keep
        self.thread = thread
    }

    func apply(_ change: JobChange, partition: Int, then: @escaping Waiter) {
        // In place: a copy of the batch for each change would be most of what this costs.
        let count = batches[partition, default: Batch(arguments: [.integer(keep.milliseconds)])].add(change, then)
        if count == Self.batchLimit, let batch = batches.removeValue(forKey: partition) {
            send(batch, partition)
        } else {
            flushSoon()
        }
    }

    nonisolated func perform(_ body: @escaping @Sendable (isolated ChangeBatcher) -> Void) { thread.perform { self.assumeIsolated(body) } }

    private func flushSoon() {
        guard !willFlush else { return }
        willFlush = true
        let wait = Self.spacing - (.now - lastFlush)
        if wait <= .zero {
            thread.atTurnEnd { self.assumeIsolated { $0.sendAll() } }
        } else {
            thread.schedule(after: wait) { self.assumeIsolated { $0.sendAll() } }
        }
    }

    private func sendAll() {
        willFlush = false
        lastFlush = .now
        let ready = batches
        batches.removeAll(keepingCapacity: true)
        for (partition, batch) in ready { send(batch, partition) }
    }

    /// Sends what waits for more, and returns when all that was sent is stored or could not be.
    func flush() async {
        sendAll()
        await withCheckedContinuation { if callsInFlight == 0 { $0.resume() } else { whenIdle.append($0) } }
    }

    private func send(_ batch: Batch, _ partition: Int) {
        callsInFlight += 1
        Task {
            await store(batch, partition)
            callsInFlight -= 1
            guard callsInFlight == 0 else { return }
            for continuation in whenIdle { continuation.resume() }
            whenIdle.removeAll()
        }
    }

    private func store(_ batch: Batch, _ partition: Int) async {
        do throws(JobStoreError) {
            let answer = Answer(value: try await call(batch, partition), attempted: "apply")
            var outcomes: [ChangeOutcome] = []
            for index in batch.waiters.indices {
                let version = try answer.element(index).integer
                outcomes.append(version < 0 ? .stale : .applied(version: version))
            }
            for (waiter, outcome) in zip(batch.waiters, outcomes) { waiter(.success(outcome)) }
        } catch {
            for waiter in batch.waiters { waiter(.failure(error)) }
        }
    }

    private func call(_ batch: Batch, _ partition: Int) async throws(JobStoreError) -> RESPValue {
        do {
            return try await redis.run(StoreScript.apply, keys: [JobStore.dueKey(partition)], arguments: batch.arguments)
        } catch {
            throw JobStoreError(kind: .redis(error), attempted: "apply")
        }
    }
}

extension JobStore {
    /// Stores a decision, if the job still has the version that the caller read.
    public func apply(_ change: JobChange) async throws(JobStoreError) -> ChangeOutcome {
        let result = await withCheckedContinuation { continuation in apply(change) { continuation.resume(returning: $0) } }
        return try result.get()
    }

    /// The same without a task that waits.
    /// - Parameter then: called once, on the store's thread.
    public func apply(_ change: JobChange, then: @escaping @Sendable (Result<ChangeOutcome, JobStoreError>) -> Void) {
        let partition = partition(of: change.id)
        changes.perform { $0.apply(change, partition: partition, then: then) }
    }

    /// Sends changes that wait for others at once, and returns when they are stored or could not be. Before the connection is closed.
    public func flush() async { await changes.flush() }
}
