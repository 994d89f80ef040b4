import EventThread
import ExportCore
import Redis

/// Collects changes and stores those of one partition by one script call: the changes of a turn, or under load those of a few
/// milliseconds, because each call costs Redis as much as ten changes, and its share of an fsync.
actor ChangeBatcher {
    private let redis: Redis
    private let partitions: Int
    private let keep: Duration
    private let actor: String
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

    private struct Batch: Sendable {
        var arguments: [RedisArgument]
        /// Of each change, the caller that waits for it and the change's position there.
        var waiters: [(request: Int, position: Int)] = []

        /// - Returns: the number of changes.
        mutating func add(_ change: JobChange, _ request: Int, _ position: Int) -> Int {
            change.append(to: &arguments)
            waiters.append((request, position))
            return waiters.count
        }
    }

    /// The changes that one caller waits for, which may be in several batches.
    private struct Request {
        let continuation: CheckedContinuation<[Result<ChangeOutcome, JobStoreError>], Never>
        var outcomes: [Result<ChangeOutcome, JobStoreError>]
        var missing: Int
    }

    private var requests: [Int: Request] = [:]
    private var lastRequest = 0

    init(redis: Redis, partitions: Int, keep: Duration, actor: String, on thread: EventThread) {
        self.redis = redis
        self.partitions = partitions
        self.keep = keep
        self.actor = actor
        self.thread = thread
    }

    func apply(_ changes: [JobChange]) async -> [Result<ChangeOutcome, JobStoreError>] {
        guard !changes.isEmpty else { return [] }
        return await withCheckedContinuation { continuation in
            lastRequest += 1
            requests[lastRequest] = Request(
                continuation: continuation, outcomes: Array(repeating: .success(.stale), count: changes.count), missing: changes.count)
            for (position, change) in changes.enumerated() { add(change, lastRequest, position) }
            if !batches.isEmpty { flushSoon() }
        }
    }

    private func add(_ change: JobChange, _ request: Int, _ position: Int) {
        let partition = change.job.id.partition(of: partitions)
        // In place: a copy of the batch for each change would be most of what this costs.
        let count = batches[partition, default: Batch(arguments: [.integer(keep.milliseconds), .string(actor)])].add(
            change, request, position)
        if count == Self.batchLimit, let batch = batches.removeValue(forKey: partition) { send(batch, partition) }
    }

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

    /// Sends what waits for more, and returns when all that was sent is stored or has failed.
    func flush() async {
        sendAll()
        await withCheckedContinuation { if callsInFlight == 0 { $0.resume() } else { whenIdle.append($0) } }
    }

    private func send(_ batch: Batch, _ partition: Int) {
        callsInFlight += 1
        Task(executorPreference: thread) { await self.store(batch, partition) }
    }

    private func callEnded() {
        callsInFlight -= 1
        guard callsInFlight == 0 else { return }
        for continuation in whenIdle { continuation.resume() }
        whenIdle.removeAll()
    }

    private func store(_ batch: Batch, _ partition: Int) async {
        defer { callEnded() }
        do throws(JobStoreError) {
            let reply = try await redis.runUntraced(.apply, key: Keys.due(partition), batch.arguments)
            let outcomes = try reply.array.compactMap { ChangeOutcome($0) }
            guard outcomes.count == batch.waiters.count else { throw reply.unexpected }
            for ((request, position), outcome) in zip(batch.waiters, outcomes) { settle(request, position, .success(outcome)) }
        } catch {
            for (request, position) in batch.waiters { settle(request, position, .failure(error)) }
        }
    }

    private func settle(_ id: Int, _ position: Int, _ outcome: Result<ChangeOutcome, JobStoreError>) {
        requests[id]?.outcomes[position] = outcome
        requests[id]?.missing -= 1
        guard let request = requests[id], request.missing == 0 else { return }
        requests[id] = nil
        request.continuation.resume(returning: request.outcomes)
    }
}
