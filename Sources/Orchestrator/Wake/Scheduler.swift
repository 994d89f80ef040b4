import EventThread
import ExportCore
import JobMessages
import JobStore
import Lifecycle
import Logging
import RabbitMQ
import Retry
import Telemetry

/// Claims due timers and publishes their wakes. Any number of orchestrators can do so concurrently: a claim is one script, and the live
/// orchestrators share the partitions.
///
/// Sleeps until the next timer that `DueClock` knows. Timers that other processes set are found by looks at the due set: every tick beside
/// other orchestrators, and four times a second alone, when only workers and operators set any.
actor Scheduler {
    private let store: JobStore
    private let membership: Membership
    private let publisher: Publisher
    private let starter: Starter
    private let providers: ProviderDirectory
    private let files: FileInterpreter
    private let configuration: OrchestratorConfiguration
    private let metrics: OrchestratorMetrics
    private let backlog: ChecksBacklog
    private let logger: Logger
    private let repeated: RateLimitedLog
    private let thread: EventThread
    private var share: PartitionShare
    private let clock: DueClock
    private var nextRenewal = ContinuousClock.now
    private var nextLook = ContinuousClock.now
    private var looks = 0
    /// Receives jobs that wait for their creation and were admitted by another process.
    private var nextWaitingLook = ContinuousClock.now
    private var isStopping = false
    let progress = ProgressMonitor()
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    /// The timers of one claim: a bound on the work of one script, and on what waits for its lease if this process dies right after it.
    private static let claimLimit = 400
    /// The claims of one partition in a turn, before the other partitions have theirs.
    private static let claimsPerTurn = 8
    /// Between two looks of the only orchestrator: only workers and operators set timers that it does not know.
    private static let lookAlone = Duration.milliseconds(250)

    init(
        store: JobStore, membership: Membership, publisher: Publisher, starter: Starter, providers: ProviderDirectory,
        files: FileInterpreter, clock: DueClock, backlog: ChecksBacklog, configuration: OrchestratorConfiguration,
        metrics: OrchestratorMetrics,
        logger: Logger, on thread: EventThread
    ) {
        self.store = store
        self.membership = membership
        self.publisher = publisher
        self.starter = starter
        self.providers = providers
        self.files = files
        self.clock = clock
        self.configuration = configuration
        self.metrics = metrics
        self.backlog = backlog
        self.logger = logger
        repeated = RateLimitedLog(logger)
        self.thread = thread
        share = PartitionShare(partitions: store.partitions)
    }

    func stop() { isStopping = true }

    /// Runs until `stop` or cancellation, and ends within a tick.
    func run() async {
        var pause = LoopBackoff()
        while !isStopping, !Task.isCancelled {
            do {
                try await renewMembership()
                try await turn()
                pause.reset()
                progress.beat()
            } catch is CancellationError {
                break
            } catch {
                logger.warning("the scheduler has to wait: \(error)")
                // The loop makes progress; /readyz reports that Redis is unreachable.
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
        await clock.lookAfter(share.own)
        nextRenewal = .now + membership.timeout / 4
    }

    /// Reads the due set if it is time to, claims the due timers, and sleeps if there are none.
    private func turn() async throws {
        if nextWaitingLook <= .now {
            nextWaitingLook = .now + .seconds(1)
            await starter.signal(try await store.waiting(among: providers.names))
        }
        // Without a broker a claim would only delay its job by a lease.
        guard await publisher.isConnected, await !publisher.isBlocked else { return await thread.sleep(for: configuration.tick) }
        if nextLook <= .now { try await look() }
        let due = await clock.due()
        guard !due.isEmpty else { return await clock.sleep(until: min(nextLook, nextWaitingLook)) }
        guard try await !backlog.mustWait() else { return await thread.sleep(for: configuration.tick) }
        await withTaskGroup(of: Void.self) { group in
            for partition in due { group.addTask(executorPreference: thread) { await self.claimAll(of: partition) } }
        }
    }

    private func look() async throws {
        let partitions = share.partitions(atTick: looks)
        looks &+= 1
        await clock.forget(partitions)
        // After an error the next turn looks again.
        let next = try await store.nextDue(on: partitions)
        for partition in partitions { await clock.learn(partition, next[partition]) }
        nextLook = .now + (share.members == 1 ? max(configuration.tick, Self.lookAlone) : configuration.tick)
    }

    private func claimAll(of partition: Int) async {
        do {
            for _ in 0..<Self.claimsPerTurn {
                await clock.forget([partition])
                let claimed = try await store.claim(
                    partition: partition, limit: Self.claimLimit, lease: configuration.lease, watchdog: configuration.watchdog)
                await clock.learn(partition, claimed.untilNext)
                for late in claimed.lateness { metrics.lateness.recordMilliseconds(late) }
                try await enqueue(claimed.waiting)
                async let wakes: Void = publishWakes(claimed.messages)
                await queue(claimed.files)
                try await wakes
                guard claimed.untilNext == .zero else { return }
            }
        } catch {
            repeated.warning(key: "claim", "timers of partition \(partition) have to wait: \(error)")
            // What was known of the partition is forgotten.
            nextLook = min(nextLook, .now + configuration.tick)
        }
    }

    private func enqueue(_ jobs: [WaitingJob]) async throws(JobStoreError) {
        guard !jobs.isEmpty else { return }
        let known = jobs.filter { providers[$0.provider] != nil }
        try await store.enqueue(known)
        await starter.signal(Set(known.map(\.provider)))
        if known.count < jobs.count { await starter.takeUnknown(jobs.filter { providers[$0.provider] == nil }.map(\.id)) }
    }

    /// Their timers have moved forward by a lease: what cannot be stored is tried again when they fire.
    private func queue(_ files: [DueFile]) async {
        guard !files.isEmpty else { return }
        do {
            try await self.files.timersFired(files)
        } catch {
            repeated.warning(key: "files", "\(files.count) files have to wait for their next attempt: \(error)")
        }
    }

    private func publishWakes(_ bodies: [[UInt8]]) async throws(JobStoreError) {
        guard !bodies.isEmpty else { return }
        var refused: [ClaimedJob] = []
        var published = 0
        do {
            let outcomes = try await publisher.publish(all: bodies.map(wakeMessage))
            await backlog.published(bodies.count)
            for (body, outcome) in zip(bodies, outcomes) {
                if outcome == .confirmed { published += Wake.count(body) } else { refused += Wake.decode(body).jobs }
            }
        } catch {
            repeated.warning(key: "wakes", "wakes were not published and are postponed: \(error)")
            refused = bodies.flatMap { Wake.decode($0).jobs }
        }
        metrics.wakesPublished.increment(by: published)
        guard !refused.isEmpty else { return }
        metrics.wakesRefused.increment(by: refused.count)
        let delay = Duration.seconds(1) + .seconds(.random(in: 0..<1))
        try await store.postpone(refused.map { ($0.id, $0.version) }, by: delay)
        for job in refused { await clock.timerSet(on: job.id.partition(of: store.partitions), after: delay) }
    }

    /// Transient, and useless after the lease that covers it.
    private func wakeMessage(_ body: [UInt8]) -> OutgoingMessage {
        var properties = MessageProperties()
        properties.contentType = "text/tab-separated-values"
        properties.isPersistent = false
        properties.expiration = configuration.lease
        return OutgoingMessage(routingKey: QueueNames.checks, body: body, properties: properties)
    }
}
