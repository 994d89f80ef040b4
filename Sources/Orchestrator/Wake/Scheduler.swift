import EventThread
import ExportCore
import JobStore
import Lifecycle
import Logging
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
    private let wakes: WakePublisher
    private let starter: Starter
    private let dispatcher: DownloadDispatcher
    private let providers: ProviderDirectory
    private let files: FileInterpreter
    private let webhooks: WebhookSender
    private let losses: LossLedger
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
    private var nextRound = ContinuousClock.now
    private var looks = 0
    /// Receives jobs that wait for their creation or for their turn in the download line, and were put there by another process.
    private var nextWaitingLook = ContinuousClock.now
    private let rounds = Rounds()
    let progress = ProgressMonitor()
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    /// The timers of one claim: a bound on the work of one script, and on what waits for its lease if this process dies right after it.
    private static let claimLimit = 400
    /// From one round of claims to the next, unless a partition has more than a claim takes: timers that fall due meanwhile share a script,
    /// a message and permits.
    private static let spacing = Duration.milliseconds(20)
    /// Between two looks of the only orchestrator: only workers and operators set timers that it does not know.
    private static let lookAlone = Duration.milliseconds(250)

    init(
        store: JobStore, membership: Membership, webhooks: WebhookSender, wakes: WakePublisher, starter: Starter,
        dispatcher: DownloadDispatcher,
        providers: ProviderDirectory, files: FileInterpreter, losses: LossLedger, clock: DueClock, backlog: ChecksBacklog,
        configuration: OrchestratorConfiguration,
        metrics: OrchestratorMetrics, logger: Logger, on thread: EventThread
    ) {
        self.store = store
        self.membership = membership
        self.wakes = wakes
        self.starter = starter
        self.dispatcher = dispatcher
        self.providers = providers
        self.files = files
        self.webhooks = webhooks
        self.losses = losses
        self.clock = clock
        self.configuration = configuration
        self.metrics = metrics
        self.backlog = backlog
        self.logger = logger
        repeated = RateLimitedLog(logger)
        self.thread = thread
        share = PartitionShare(partitions: store.partitions)
    }

    func stop() { rounds.stop() }

    /// The place of this orchestrator among the running ones, and their number.
    var place: (place: Int, members: Int) { (share.place, share.members) }

    /// Runs until `stop` or cancellation, and ends within a tick.
    func run() async {
        await rounds.run {
            try await renewMembership()
            try await turn()
            progress.beat()
            return .zero
        } onFailure: { error in
            logger.warning("the scheduler has to wait: \(error)")
            // The loop makes progress; /readyz reports that Redis is unreachable.
            progress.beat()
        }
        do {
            try await membership.leave()
        } catch {
            logger.notice("could not leave the orchestrators' list, which forgets this one after \(membership.timeout): \(error)")
        }
    }

    private func renewMembership() async throws {
        guard nextRenewal <= .now else { return }
        // Together they are one round trip, and one fsync of Redis.
        async let reported: Void = reportProviders()
        async let recorded: Void = recordLosses()
        let (place, members) = try await membership.renew()
        await reported
        await recorded
        (share.place, share.members) = (place, members)
        await clock.lookAfter(share.own)
        nextRenewal = .now + membership.timeout / 4
    }

    /// Submitters check the names of providers against this. Without it they cannot, which must not stop the timers.
    private func reportProviders() async {
        do {
            try await membership.report(providers: providers.parameters)
        } catch {
            repeated.warning(key: "providers", "the names of the providers are not reported: \(error)")
        }
    }

    private func recordLosses() async {
        let lost = losses.take()
        do {
            try await store.record(lost)
        } catch {
            for (kind, number) in lost { losses.count(kind, number) }
            repeated.warning(key: "losses", "what was lost is not told to the store yet: \(error)")
        }
    }

    /// Reads the due set if it is time to, claims the due timers, and sleeps if there are none.
    private func turn() async throws {
        if nextWaitingLook <= .now {
            nextWaitingLook = .now + .seconds(1)
            async let line = store.downloadLine()
            await starter.signal(try await store.waiting(among: providers.names))
            await dispatcher.signal(try await line.filter { $0.value > 0 }.keys)
        }
        guard await wakes.isReady else { return await thread.sleep(for: configuration.tick) }
        if nextLook <= .now { try await look() }
        let due = await clock.due()
        guard !due.isEmpty else { return await clock.sleep(until: min(nextLook, nextWaitingLook)) }
        guard nextRound <= .now else { return await thread.sleep(for: nextRound - .now) }
        guard try await !backlog.mustWait() else { return await thread.sleep(for: configuration.tick) }
        nextRound = .now + min(Self.spacing, configuration.tick)
        await claim(due)
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

    /// Claims the due timers of these partitions, and does what they are for. The wakes of all share messages.
    private func claim(_ partitions: [Int]) async {
        await clock.forget(partitions)
        let claims = await withTaskGroup(of: ClaimedTimers?.self) { group in
            for partition in partitions { group.addTask(executorPreference: thread) { await self.claim(partition) } }
            var claims: [ClaimedTimers] = []
            for await claim in group { if let claim { claims.append(claim) } }
            return claims
        }
        if claims.contains(where: { $0.untilNext == .zero }) { nextRound = .now }
        async let published: Void = wakes.publish(claims.flatMap(\.messages))
        // For each partition on its own: an error must not cost the others.
        await withTaskGroup(of: Void.self) { group in
            for claim in claims where !claim.waiting.isEmpty || !claim.files.isEmpty || !claim.webhooks.isEmpty {
                group.addTask(executorPreference: thread) {
                    await self.enqueue(claim.waiting)
                    await self.queue(claim.files)
                    if !claim.webhooks.isEmpty { await self.webhooks.take(claim.webhooks) }
                }
            }
        }
        await published
    }

    private func claim(_ partition: Int) async -> ClaimedTimers? {
        do {
            let claimed = try await store.claim(
                partition: partition, limit: Self.claimLimit, lease: configuration.lease, watchdog: configuration.watchdog)
            await clock.learn(partition, claimed.untilNext)
            for late in claimed.lateness { metrics.lateness.recordMilliseconds(late) }
            return claimed
        } catch {
            repeated.warning(key: "claim", "timers of partition \(partition) have to wait: \(error)")
            // What was known of the partition is forgotten.
            nextLook = min(nextLook, .now + configuration.tick)
            return nil
        }
    }

    /// What cannot be put into its waiting list is tried again when its timer fires.
    private func enqueue(_ jobs: [WaitingJob]) async {
        guard !jobs.isEmpty else { return }
        let known = jobs.filter { providers[$0.provider] != nil }
        do {
            try await store.enqueue(known)
        } catch {
            repeated.warning(key: "enqueue", "\(known.count) jobs have to wait for their start: \(error)")
        }
        for (name, jobs) in Dictionary(grouping: known, by: \.provider) {
            if let provider = providers[name] { await starter.endOverdue(jobs, of: provider) }
        }
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
}
