import EventThread
import ExportCore
import JobMessages
import JobStore
import Logging
import RabbitMQ
import Retry
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
    private let providers: ProviderDirectory
    private let configuration: OrchestratorConfiguration
    private let metrics: OrchestratorMetrics
    private let backlog: ChecksBacklog
    private let logger: Logger
    private let repeated: RateLimitedLog
    private let thread: EventThread
    private var share: PartitionShare
    private var nextRenewal = ContinuousClock.now
    /// For jobs that wait for their creation and were admitted elsewhere.
    private var nextLook = ContinuousClock.now
    private var isStopping = false
    let progress = ProgressMonitor()
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    /// Timers a claim: what one script does at once, and what is lost to a lease if this process dies right after it.
    private static let claimLimit = 400
    /// Claims of a partition in one turn; then the others have theirs.
    private static let claimsPerTurn = 8

    init(
        store: JobStore, membership: Membership, publisher: Publisher, starter: Starter, providers: ProviderDirectory,
        backlog: ChecksBacklog,
        configuration: OrchestratorConfiguration,
        metrics: OrchestratorMetrics, logger: Logger, on thread: EventThread
    ) {
        self.store = store
        self.membership = membership
        self.publisher = publisher
        self.starter = starter
        self.providers = providers
        self.configuration = configuration
        self.metrics = metrics
        self.backlog = backlog
        self.logger = logger
        repeated = RateLimitedLog(logger)
        self.thread = thread
        share = PartitionShare(partitions: store.partitions)
    }

    func stop() { isStopping = true }

    /// Ends by `stop` or cancellation, within a tick.
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
                if sleep > .zero { await thread.sleep(for: sleep) }
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
        if nextLook <= .now {
            nextLook = .now + .seconds(1)
            await starter.signal(try await store.waiting(among: providers.names))
        }
        // Without a broker a claim would only postpone: each wake would wait for its lease.
        guard await publisher.isConnected, await !publisher.isBlocked else { return configuration.tick }
        let outlooks = try await store.outlook(on: share.partitions(atTick: tick))
        let due = outlooks.filter { $0.value.untilNext.map { $0 <= .zero } ?? false }.keys
        guard !due.isEmpty else {
            return min(outlooks.values.compactMap(\.untilNext).min() ?? configuration.tick, configuration.tick)
        }
        guard try await !backlog.mustWait() else { return configuration.tick }
        await withTaskGroup(of: Void.self) { group in
            for partition in due { group.addTask(executorPreference: thread) { await self.claimAll(of: partition) } }
        }
        return .zero
    }

    private func claimAll(of partition: Int) async {
        do {
            for _ in 0..<Self.claimsPerTurn {
                let claimed = try await store.claim(
                    partition: partition, limit: Self.claimLimit, lease: configuration.lease, watchdog: configuration.watchdog)
                for late in claimed.lateness { metrics.lateness.recordMilliseconds(late) }
                try await enqueue(claimed.waiting)
                async let wakes: Void = publishWakes(claimed.messages)
                await publishDownloads(claimed.downloads)
                try await wakes
                guard claimed.untilNext == .zero else { return }
            }
        } catch {
            repeated.warning(key: "claim", "timers of partition \(partition) have to wait: \(error)")
        }
    }

    private func enqueue(_ jobs: [WaitingJob]) async throws(JobStoreError) {
        guard !jobs.isEmpty else { return }
        let known = jobs.filter { providers[$0.provider] != nil }
        try await store.enqueue(known)
        await starter.signal(Set(known.map(\.provider)))
        if known.count < jobs.count { await starter.takeUnknown(jobs.filter { providers[$0.provider] == nil }.map(\.id)) }
    }

    /// What is not confirmed here stands as queued in the store, where the job's watchdog finds it.
    private func publishDownloads(_ downloads: [DueDownload]) async {
        guard !downloads.isEmpty else { return }
        let messages = downloads.map {
            DownloadMessage(id: $0.id, task: .file($0.file), correlationID: $0.correlationID).outgoing($0.priority)
        }
        do {
            metrics.downloadsDue.increment(by: try await publisher.publish(all: messages).count { $0 == .confirmed })
        } catch {
            repeated.warning(key: "downloads", "\(messages.count) download messages were not published, the watchdog will: \(error)")
        }
    }

    private func publishWakes(_ bodies: [[UInt8]]) async throws(JobStoreError) {
        guard !bodies.isEmpty else { return }
        var refused: [Wake] = []
        var published = 0
        do {
            let outcomes = try await publisher.publish(all: bodies.map(wakeMessage))
            for (body, outcome) in zip(bodies, outcomes) {
                if outcome == .confirmed { published += Wake.count(body) } else { refused += Wake.decode(body).wakes }
            }
        } catch {
            repeated.warning(key: "wakes", "wakes were not published and are postponed: \(error)")
            refused = bodies.flatMap { Wake.decode($0).wakes }
        }
        metrics.wakesPublished.increment(by: published)
        guard !refused.isEmpty else { return }
        metrics.wakesRefused.increment(by: refused.count)
        try await store.postpone(refused.map { ($0.id, $0.version) }, by: .seconds(1) + .seconds(.random(in: 0..<1)))
    }

    /// Transient, and worth nothing after the lease that stands behind it.
    private func wakeMessage(_ body: [UInt8]) -> OutgoingMessage {
        var properties = MessageProperties()
        properties.contentType = "text/tab-separated-values"
        properties.isPersistent = false
        properties.expiration = configuration.lease
        return OutgoingMessage(routingKey: QueueNames.checks, body: body, properties: properties)
    }
}
