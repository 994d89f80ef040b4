import EventThread
import ExportCore
import Redis

/// Collects the changes of a turn and stores those of one partition by one script call.
actor ChangeBatcher {
    private let redis: Redis
    private let keep: Duration
    private let thread: EventThread
    private var batches: [Int: Batch] = [:]
    private var willFlush = false
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    /// A script runs alone: what it does at once is bounded, so that no other client waits long.
    private static let batchLimit = 64

    private struct Batch {
        var arguments: [RedisArgument] = []
        var waiters: [CheckedContinuation<Result<ChangeOutcome, JobStoreError>, Never>] = []

        /// - Returns: how many changes there are now.
        mutating func add(_ change: JobChange, _ waiter: CheckedContinuation<Result<ChangeOutcome, JobStoreError>, Never>) -> Int {
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

    func apply(_ change: JobChange, partition: Int) async throws(JobStoreError) -> ChangeOutcome {
        let result = await withCheckedContinuation { continuation in
            // In place: a copy of the batch for each change would be most of what this costs.
            let count = batches[partition, default: Batch(arguments: [.integer(keep.milliseconds)])].add(change, continuation)
            if count == Self.batchLimit, let batch = batches.removeValue(forKey: partition) {
                send(batch, partition)
            } else {
                flushAtTurnEnd()
            }
        }
        return try result.get()
    }

    private func flushAtTurnEnd() {
        guard !willFlush else { return }
        willFlush = true
        thread.atTurnEnd { [weak self] in self?.assumeIsolated { $0.flush() } }
    }

    private func flush() {
        willFlush = false
        let ready = batches
        batches.removeAll(keepingCapacity: true)
        for (partition, batch) in ready { send(batch, partition) }
    }

    private func send(_ batch: Batch, _ partition: Int) {
        Task { await store(batch, partition) }
    }

    private func store(_ batch: Batch, _ partition: Int) async {
        do throws(JobStoreError) {
            let answer = Answer(value: try await call(batch, partition), attempted: "apply")
            var outcomes: [ChangeOutcome] = []
            for index in batch.waiters.indices {
                let version = try answer.element(index).integer
                outcomes.append(version < 0 ? .stale : .applied(version: version))
            }
            for (waiter, outcome) in zip(batch.waiters, outcomes) { waiter.resume(returning: .success(outcome)) }
        } catch {
            for waiter in batch.waiters { waiter.resume(returning: .failure(error)) }
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
        try await changes.apply(change, partition: partition(of: change.id))
    }
}
