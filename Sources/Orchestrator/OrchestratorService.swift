import EventThread
import ExportCore
import HTTPClient
import JobMessages
import JobStore
import Lifecycle
import Logging
import ProviderAPI
import RabbitMQ
import ServiceLifecycle
import Telemetry

/// An orchestrator: admits jobs, starts their exports, checks their status, and lists their files for the workers.
///
/// Nothing is lost with the process: every unfinished job has a timer in the store. Any number of orchestrators can run at the same time.
///
/// A graceful shutdown stops intake and scheduler at once and gives the work in progress `shutdownGrace` to finish. The leases return the
/// rest to another orchestrator.
public struct OrchestratorService: Service {
    let configuration: OrchestratorConfiguration
    let store: JobStore
    let publisher: Publisher
    let jobs: Consumer
    let wakes: Consumer
    let scheduler: Scheduler
    let starter: Starter
    let dispatcher: DownloadDispatcher
    let hints: Consumer
    let jobIntake: JobIntake
    let hintIntake: HintIntake
    let wakeIntake: WakeIntake
    let providers: ProviderDirectory
    private let clients: [ProviderClient]
    let leases: LeaseKeeper
    /// Of the health server: asks how deep the queues are.
    let administrator: Administrator
    /// Of the events alone: an exchange that is missing closes the channel, and a bound queue that is full holds back confirms.
    private let events: Publisher
    private let relay: EventRelay
    private let webhooks: WebhookSender
    private let work: JobsInProgress
    private let backlog: ChecksBacklog
    private let logger: Logger
    private let thread: EventThread

    /// Connects to nothing yet.
    /// - Parameters:
    ///   - store: the caller shuts it down after `run` has returned, and the providers' HTTP client too.
    ///   - redis: for the list of live orchestrators.
    ///   - providers: by the name in jobs.
    ///   - webhooks: sends webhook messages; the caller shuts it down, too.
    ///   - library: the versions of provider files that jobs were created with; `nil`: every job uses the present one.
    ///   - thread: runs everything except the providers' requests. `store` and the providers' clients must use it too, because checks pass
    ///     between them without waiting.
    public init(
        configuration: OrchestratorConfiguration, rabbitMQ: RabbitMQConfiguration, store: JobStore, membership: Membership,
        providers clients: [String: ProviderClient], webhooks http: HTTPClient, library: PlanLibrary? = nil, thread: EventThread,
        logger: Logger
    ) {
        precondition(
            store.runs(on: thread) && clients.values.allSatisfy { $0.runs(on: thread) },
            "the store and the providers' clients run on the orchestrator's thread")
        let metrics = OrchestratorMetrics()
        let repeated = RateLimitedLog(logger)
        self.configuration = configuration
        self.store = store
        self.logger = logger
        self.thread = thread
        publisher = Publisher(rabbitMQ, on: thread, logger: logger)
        administrator = Administrator(rabbitMQ, logger: logger)
        let watcher = BreakerWatcher(process: configuration.name, logger: logger)
        self.clients = Array(clients.values)
        let providers = ProviderDirectory(clients.values, library: library, store: store, configuration: configuration, logger: logger) {
            [logger] client in
            ProviderGate(
                client.definition, store: store, name: configuration.name, watcher: watcher, logger: logger, on: thread,
                reload: { _ = await client.reloadSecrets() })
        }
        self.providers = providers
        let reporter = TransitionReporter(logger: logger)
        leases = LeaseKeeper(store: store, lease: configuration.lease, metrics: reporter.metrics, logger: logger, on: thread) {
            for client in clients.values { await client.nextTurnOfHTTP() }
        }
        let clock = DueClock(on: thread)
        work = JobsInProgress(
            limit: configuration.wakesInFlight, store: store, leases: leases, clock: clock, metrics: metrics, repeated: repeated, on: thread
        )
        let durations = KnownDurations(store: store, logger: logger, on: thread)
        let office = DeadLetterOffice(publisher: publisher)
        let letters = FailureLetters(store: store, office: office, metrics: reporter.metrics, logger: logger)
        let downloads = DownloadPublisher(publisher: publisher, metrics: reporter.metrics, logger: logger)
        let files = FileInterpreter(store: store, letters: letters, downloads: downloads, reporter: reporter)
        dispatcher = DownloadDispatcher(
            store: store, files: files, publisher: publisher, administrator: Administrator(rabbitMQ, logger: logger), logger: logger,
            on: thread)
        let line = DownloadLine(store: store, dispatcher: dispatcher, repeated: repeated)
        let listing = FileListing(
            store: store, providers: providers, line: line, work: work, maxFiles: configuration.maxFiles, metrics: metrics, logger: logger)
        let interpreter = JobInterpreter(
            store: store, letters: letters, downloads: downloads,
            effects: OrchestratorEffects(
                store: store, providers: providers, durations: durations, listing: listing, line: line, clock: clock,
                partitions: store.partitions),
            reporter: reporter, lease: configuration.lease)
        let resolver = JobResolver(providers: providers, interpreter: interpreter)

        backlog = ChecksBacklog(Administrator(rabbitMQ, logger: logger), on: thread)
        var bounded = rabbitMQ
        // The first bytes of a message that is far too large are enough.
        bounded.maxDeliveryBytes = 1 << 20
        jobs = Consumer(bounded, subscriptions: JobIntake.subscriptions, on: thread, logger: logger)
        wakes = Consumer(rabbitMQ, subscriptions: WakeIntake.subscriptions, on: thread, logger: logger)
        hints = Consumer(bounded, subscriptions: HintIntake.subscriptions, on: thread, logger: logger)
        hintIntake = HintIntake(consumer: hints, store: store, logger: logger, on: thread)
        starter = Starter(
            store: store, providers: providers,
            creation: ExportCreation(resolver: resolver, durations: durations, logger: logger), leases: leases,
            configuration: configuration, metrics: metrics, logger: logger, on: thread)
        webhooks = WebhookSender(
            store: store, requests: WebhookRequests(http: http, providers: providers, secrets: configuration.webhookSecrets),
            rules: configuration.webhooks, office: office, clock: clock, letters: reporter.metrics, logger: logger, on: thread)
        scheduler = Scheduler(
            store: store, membership: membership, webhooks: webhooks,
            wakes: WakePublisher(
                publisher: publisher, store: store, clock: clock, backlog: backlog, lease: configuration.lease, metrics: metrics,
                repeated: RateLimitedLog(logger)),
            starter: starter, dispatcher: dispatcher, providers: providers, files: files, losses: reporter.metrics.losses, clock: clock,
            backlog: backlog,
            configuration: configuration,
            metrics: metrics, logger: logger, on: thread)
        jobIntake = JobIntake(
            consumer: jobs, office: office, store: store, providers: providers, starter: starter, reporter: reporter,
            watchdog: configuration.watchdog, signsWebhooks: !configuration.webhookSecrets.isEmpty, metrics: metrics, logger: logger,
            on: thread)
        wakeIntake = WakeIntake(
            consumer: wakes, resolver: resolver,
            checks: CheckPipeline(
                store: store, interpreter: interpreter, durations: durations, work: work, on: thread),
            listing: listing,
            watchdog: TransferWatchdog(
                store: store, resolver: resolver, files: files, line: line, watchdog: configuration.watchdog, metrics: metrics,
                logger: logger),
            cancellation: ExportCancellation(store: store, resolver: resolver, metrics: metrics, logger: logger), work: work,
            metrics: metrics, leases: reporter.metrics, logger: logger, on: thread)
        var named = rabbitMQ
        named.connectionName += " events"
        events = Publisher(named, on: thread, logger: logger)
        relay = EventRelay(store: store, publisher: events, logger: logger, on: thread) { [scheduler] in
            await Self.outboxes(store, providers, scheduler.place)
        }
    }

    /// The outboxes that are this orchestrator's.
    /// - Parameter place: among the running ones, and their number.
    static func outboxes(_ store: JobStore, _ providers: ProviderDirectory, _ place: (place: Int, members: Int)) -> [OutboxSource] {
        let share = PartitionShare(partitions: store.partitions, place: place.place, members: place.members)
        return share.own.map(OutboxSource.partition)
            + providers.names.enumerated()
            .filter { $0.offset % place.members == place.place % place.members }.map { .provider($0.element) }
    }

    /// Works until the shutdown.
    /// - Throws: `RabbitMQError` if the first connection fails or a queue does not exist. Later it reconnects by itself.
    public func run() async throws {
        do {
            try await publisher.connect()
            try await events.connect()
            try await jobs.connect()
            try await wakes.connect()
            try await hints.connect()
            // Before the first job is created with them.
            try await providers.versions.keep(clients)
            try await store.keepTrail(configuration.keepsTrail)
            try await store.setEndpoints(clients.map(\.definition.webhookSubscription))
            try await store.keepEvents(
                configuration.publishesEvents, of: Self.outboxes(store, providers, (place: 0, members: 1)))
        } catch {
            await close()
            throw error
        }
        logger.info("orchestrator works", metadata: ["name": "\(configuration.name)"])
        let heartbeat = Task(executorPreference: thread) { [leases] in await leases.run() }
        let verification = Task(executorPreference: thread) { await verifyPlaces() }
        let outcome = await withTaskCancellationOrGracefulShutdownHandler {
            await work()
        } onCancelOrGracefulShutdown: {
            Task { await stop() }
        }
        await stop()
        await finish()
        heartbeat.cancel()
        verification.cancel()
        for provider in providers.all { await provider.gate.close() }
        await close()
        logger.info("orchestrator has ended")
        try outcome.get()
    }

    /// The providers, whose files may change while it runs.
    public var files: ProviderFiles {
        ProviderFiles(
            replace: { client in
                // Its outbox may be new.
                try await store.keepEvents(configuration.publishesEvents, of: [.provider(client.definition.name)])
                try await providers.versions.replace(client)
                try await store.setEndpoints([client.definition.webhookSubscription])
            }, retire: { name in providers.versions.retire(name) },
            reloadSecrets: { for provider in providers.all { _ = await provider.client.reloadSecrets() } })
    }

    /// The seven loops. Each ends at `stop`; an error of one stops all.
    private func work() async -> Result<Void, any Error> {
        await withTaskGroup(of: Result<Void, any Error>.self) { group in
            let loops: [@Sendable () async throws -> Void] = [
                { await scheduler.run() }, { await starter.run() }, { await dispatcher.run() }, { try await jobIntake.run() },
                { try await wakeIntake.run() }, { await relay.run() }, { try await hintIntake.run() },
            ]
            for loop in loops {
                group.addTask(executorPreference: thread) {
                    do {
                        try await loop()
                        return .success(())
                    } catch {
                        await stop()
                        return .failure(error)
                    }
                }
            }
            var outcome = Result<Void, any Error>.success(())
            for await result in group {
                if case .failure(let error) = result, !(error is CancellationError), !Task.isCancelled { outcome = .failure(error) }
            }
            return outcome
        }
    }

    /// Frees the places of exports whose process died before it could free them. Runs until cancelled.
    private func verifyPlaces() async {
        do {
            while true {
                try await Task.sleep(for: configuration.lease * Double.random(in: 0.7..<1.3))
                for provider in providers.all { await provider.places.verify(olderThan: configuration.lease * 2) }
            }
        } catch {
            // Cancelled: the orchestrator ends.
        }
    }

    private func stop() async {
        await scheduler.stop()
        await starter.stop()
        await dispatcher.stop()
        await relay.stop()
        await jobIntake.stop()
        await wakeIntake.stop()
        await hintIntake.stop()
        async let jobsStopped: Void = jobs.stopIntake()
        async let wakesStopped: Void = wakes.stopIntake()
        async let hintsStopped: Void = hints.stopIntake()
        _ = await (jobsStopped, wakesStopped, hintsStopped)
    }

    private func finish() async {
        let left = await withTaskGroup(of: Bool.self) { group in
            group.addTask {
                await starter.drain()
                await work.drain()
                await webhooks.drain()
                return true
            }
            group.addTask {
                // Cancelled when everything has finished in time.
                try? await Task.sleep(for: configuration.shutdownGrace)
                return false
            }
            let finished = await group.next() ?? true
            group.cancelAll()
            if !finished { await starter.abandon(); await work.abandon(); await webhooks.abandon() }
            return !finished
        }
        if left { logger.notice("requests were cut off after \(configuration.shutdownGrace); their leases bring the jobs back") }
    }

    private func close() async {
        await jobs.shutdown()
        await wakes.shutdown()
        await hints.shutdown()
        await publisher.shutdown()
        await events.shutdown()
        await backlog.shutdown()
        await administrator.shutdown()
        await dispatcher.shutdown()
    }
}
