import EventThread
import ExportCore
import JobMessages
import JobStore
import Logging
import RabbitMQ
import Telemetry

/// Claims due timers and publishes their wakes. Any number of orchestrators do so at once: a claim is one script, and the partitions
/// are shared among the living.
///
/// Sleeps until the next timer that it knows of, at most a tick, since others set timers too.
actor Scheduler {
    private let store: JobStore
    private let membership: Membership
    private let publisher: Publisher
    private let starter: Starter
    private let configuration: OrchestratorConfiguration
    private let metrics: OrchestratorMetrics
    private let logger: Logger
    private let thread: EventThread
    private var share: PartitionShare
    private var nextRenewal = ContinuousClock.now
    private var isStopping = false
    let progress = ProgressMonitor()
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    /// Timers a claim: what one script does at once, and what is lost to a lease if this process dies right after it.
    private static let claimLimit = 400
    /// Claims of a partition in one turn; then the others have theirs.
    private static let claimsPerTurn = 8

    init(
        store: JobStore, membership: Membership, publisher: Publisher, starter: Starter, configuration: OrchestratorConfiguration,
        metrics: OrchestratorMetrics, logger: Logger, on thread: EventThread
    ) {
        self.store = store
        self.membership = membership
        self.publisher = publisher
        self.starter = starter
        self.configuration = configuration
        self.metrics = metrics
        self.logger = logger
        self.thread = thread
        share = PartitionShare(partitions: store.partitions)
    }

    func stop() { isStopping = true }

    /// Ends by `stop` or cancellation.
    func run() async {
        var pause = LoopBackoff()
        var tick = 0
        while !isStopping, !Task.isCancelled {
            do {
                try await renewMembership()
                let sleep = try await turn(tick)
                pause.reset()
                progress.beat()
                tick &+= 1
                if sleep > .zero { try await Task.sleep(for: sleep) }
            } catch is CancellationError {
                break
            } catch {
                logger.warning("the scheduler has to wait: \(error)")
                // The loop turns; that Redis is away is for /readyz to tell.
                progress.beat()
                guard await pause.wait() else { break }
            }
        }
        do {
            try await membership.leave()
        } catch {
            logger.notice("could not leave the orchestrators' list, which forgets this one after \(membership.timeout): \(error)")
        }
    }

    private func renewMembership() async throws {
        guard nextRenewal <= .now else { return }
        let (place, members) = try await membership.renew()
        (share.place, share.members) = (place, members)
        nextRenewal = .now + membership.timeout / 4
    }

    /// Looks at the partitions, claims what is due, and tells how long there is to sleep.
    private func turn(_ tick: Int) async throws -> Duration {
        // Without a broker a claim would only postpone: each wake would wait for its lease.
        guard await publisher.isConnected, await !publisher.isBlocked else { return configuration.tick }
        let outlooks = try await store.outlook(on: share.partitions(atTick: tick))
        let waiting = outlooks.filter { $0.value.hasWaiting }.keys
        if !waiting.isEmpty { await starter.signal(Set(waiting)) }

        let due = outlooks.filter { $0.value.untilNext.map { $0 <= .zero } ?? false }.keys
        guard !due.isEmpty else {
            return min(outlooks.values.compactMap(\.untilNext).min() ?? configuration.tick, configuration.tick)
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for partition in due { group.addTask(executorPreference: thread) { try await self.claimAll(of: partition) } }
            try await group.waitForAll()
        }
        return .zero
    }

    private func claimAll(of partition: Int) async throws {
        for _ in 0..<Self.claimsPerTurn {
            let claimed = try await store.claim(
                partition: partition, limit: Self.claimLimit, lease: configuration.lease, watchdog: configuration.watchdog)
            for late in claimed.lateness { metrics.lateness.recordMilliseconds(late) }
            if claimed.waiting > 0 { await starter.signal([partition]) }
            try await publish(claimed)
            guard claimed.untilNext == .zero else { return }
        }
    }

    private func publish(_ claimed: ClaimedTimers) async throws {
        if !claimed.downloads.isEmpty {
            // What is not confirmed here stands as queued in the store, where the job's watchdog finds it.
            let messages = claimed.downloads.map {
                DownloadMessage(id: $0.id, task: .file($0.file), correlationID: $0.correlationID).outgoing($0.priority)
            }
            let outcomes = try await publisher.publish(all: messages)
            metrics.downloadsDue.increment(by: outcomes.count { $0 == .confirmed })
        }
        guard !claimed.messages.isEmpty else { return }
        let outcomes = try await publisher.publish(all: claimed.messages.map(Self.wakeMessage))
        var refused: [Wake] = []
        for (body, outcome) in zip(claimed.messages, outcomes) where outcome != .confirmed { refused += Wake.decode(body).wakes }
        metrics.wakesPublished.increment(by: claimed.messages.count)
        guard !refused.isEmpty else { return }
        metrics.wakesRefused.increment(by: refused.count)
        try await store.postpone(refused, by: .seconds(1) + .seconds(.random(in: 0..<1)))
        logger.notice("\(QueueNames.checks) is full: \(refused.count) wakes postponed")
    }

    /// Transient: the lease stands behind it.
    private static func wakeMessage(_ body: [UInt8]) -> OutgoingMessage {
        var properties = MessageProperties()
        properties.contentType = "text/tab-separated-values"
        properties.isPersistent = false
        return OutgoingMessage(routingKey: QueueNames.checks, body: body, properties: properties)
    }
}
