import EventThread
import JobMessages
import JobStore
import Lifecycle
import Logging
import ObjectStorage
import ProviderAPI
import RabbitMQ
import ServiceLifecycle
import Telemetry

/// A worker: takes download messages, transfers files into the storage, writes manifests and completes jobs.
///
/// Nothing is lost with its process: a file in transfer has a lease in the store, objects get their final names only after their file is
/// verified, and a message is acknowledged when its file is claimed. Any number of workers can run at the same time.
///
/// A graceful shutdown stops the intake at once, lets transfers continue for `WorkerConfiguration.shutdownGrace`, and then hands back
/// those that have not ended. Cancelling the task hands all of them back at once.
public struct WorkerService: Service {
    private let configuration: WorkerConfiguration
    private let consumer: Consumer
    private let publisher: Publisher
    private let intake: DownloadIntake
    private let providers: ProviderVersions<SourceProvider>
    private let clients: [ProviderClient]
    private let sweep: UploadSweep
    private let trail: TrailArchive
    let slots: TransferSlots
    private let store: JobStore
    private let storageWatch = StorageWatch()
    private let logger: Logger
    private let thread: EventThread

    /// The longest time for handing back aborted transfers.
    private static let handBackTime: Duration = .seconds(10)

    /// Connects to nothing yet.
    /// - Parameters:
    ///   - store: its owner shuts it down after `run` has returned, as well as `storage` and the HTTP client of the providers.
    ///   - providers: by the name that jobs use.
    ///   - library: the versions of provider files that jobs were created with; `nil`: every job uses the present one.
    ///   - thread: runs everything.
    public init(
        configuration: WorkerConfiguration, rabbitMQ: RabbitMQConfiguration, store: JobStore, providers: [String: ProviderClient],
        library: PlanLibrary? = nil, storage: any ObjectStorage, thread: EventThread, logger: Logger
    ) {
        let reporter = TransitionReporter(logger: logger)
        let metrics = WorkerMetrics(reporter.metrics)
        self.configuration = configuration
        self.store = store
        self.logger = logger
        self.thread = thread
        consumer = Consumer(
            rabbitMQ, subscriptions: DownloadIntake.subscriptions(transfers: configuration.transfers), on: thread, logger: logger)
        publisher = Publisher(rabbitMQ, on: thread, logger: logger)
        metrics.limit.record(configuration.transfers)
        slots = TransferSlots(configuration.transfers, active: metrics.active, on: thread)
        trail = TrailArchive(store: store, storage: storage, owner: configuration.name, logger: logger, on: thread) { [slots] in
            await slots.isBusy
        }
        sweep = UploadSweep(storage: storage, age: configuration.staleUploads, logger: logger)

        let office = DeadLetterOffice(publisher: publisher)
        let letters = FailureLetters(store: store, office: office, metrics: reporter.metrics, logger: logger)
        let downloads = DownloadPublisher(publisher: publisher, metrics: reporter.metrics, logger: logger)
        let watcher = BreakerWatcher(process: configuration.name, logger: logger)
        let sources = ProviderVersions(providers.values, library: library) { [configuration, logger] client, present in
            SourceProvider(
                client: client,
                gate: present?.gate
                    ?? ProviderGate(
                        client.definition, store: store, name: configuration.name, watcher: watcher, logger: logger, on: thread,
                        reload: { _ = await client.reloadSecrets() }))
        }
        self.providers = sources
        clients = Array(providers.values)
        let manifests = ManifestStep(
            store: store, storage: storage,
            interpreter: JobInterpreter(
                store: store, letters: letters, downloads: downloads, effects: TimerBringsItBack(), reporter: reporter,
                lease: configuration.lease),
            watch: storageWatch, cleanup: ExportCleanup(providers: sources), lease: configuration.lease, metrics: metrics, logger: logger)
        let files = FilePipeline(
            providers: sources, store: store, storage: storage,
            interpreter: FileInterpreter(store: store, letters: letters, downloads: downloads, reporter: reporter), manifests: manifests,
            slots: slots, watch: storageWatch, configuration: configuration, metrics: metrics, logger: logger, thread: thread)
        let claimer = DownloadClaimer(
            consumer: consumer, office: office, slots: slots, files: files, manifests: manifests, metrics: reporter.metrics,
            logger: logger, repeated: RateLimitedLog(logger), thread: thread)
        intake = DownloadIntake(consumer: consumer, slots: slots, claimer: claimer, logger: logger, on: thread)
    }

    /// Returns after the shutdown.
    /// - Throws: `RabbitMQError` when the first connection fails or a queue does not exist. Later it reconnects by itself.
    public func run() async throws {
        do {
            try await publisher.connect()
            try await consumer.connect()
            try await providers.keep(clients)
        } catch {
            await close()
            throw error
        }
        logger.info("worker started", metadata: ["transfers": "\(configuration.transfers)"])
        let sweeping = Task(executorPreference: thread) { await sweep.run() }
        let archiving = Task(executorPreference: thread) { await trail.run() }
        await withTaskCancellationOrGracefulShutdownHandler {
            await withTaskExecutorPreference(thread) { await intake.run() }
        } onCancelOrGracefulShutdown: {
            Task { await intake.stop() }
        }
        sweeping.cancel()
        await trail.stop()
        await intake.stop()
        await finishTransfers()
        // What it has not stored another worker stores, or the next one.
        archiving.cancel()
        await archiving.value
        for provider in providers.all { await provider.gate.close() }
        await close()
        logger.info("worker stopped")
    }

    /// The providers, whose files may change while it runs.
    public var files: ProviderFiles {
        ProviderFiles(
            replace: { client in try await providers.replace(client) }, retire: { name in providers.retire(name) },
            reloadSecrets: { for provider in providers.all { _ = await provider.client.reloadSecrets() } })
    }

    private func finishTransfers() async {
        let left = await withTaskCancellationHandler {
            await slots.drain(within: configuration.shutdownGrace)
        } onCancel: {
            Task { await slots.cancelAll() }
        }
        guard left > 0 else { return }
        logger.notice("\(left) transfers did not end within the grace period; they are aborted and handed back")
        await slots.cancelAll()
        let stuck = await slots.drain(within: Self.handBackTime)
        if stuck > 0 { logger.error("\(stuck) transfers were not handed back in time; their files are retried when the leases expire") }
    }

    private func close() async {
        await consumer.shutdown()
        await publisher.shutdown()
    }
}

extension WorkerService {
    /// The checks of `/healthz`: whether the intake makes progress, and whether heartbeats of transfers reach the store.
    public func checks() -> [HealthCheck] {
        let lease = configuration.lease
        return [
            .progress(of: "download-intake", intake.progress, within: .seconds(60)),
            HealthCheck("transfers") { [slots] in
                guard let oldest = await slots.oldestHeartbeat() else { return .healthy("no transfers") }
                let seconds = oldest.components.seconds
                // A transfer whose lease expires ends by itself; one that does not is stuck.
                return oldest <= lease * 2
                    ? .healthy("oldest heartbeat \(seconds) s ago")
                    : .unhealthy("a transfer's last heartbeat was \(seconds) s ago; the lease is \(lease.components.seconds) s")
            },
        ]
    }

    /// The checks of `/readyz`.
    public func readiness() -> [HealthCheck] {
        [
            HealthCheck("rabbitmq") { [consumer, publisher] in
                let (consumes, publishes) = (await consumer.isConnected, await publisher.isConnected)
                if consumes, publishes {
                    return await publisher.isBlocked ? .unhealthy("the broker has an alarm and accepts no messages") : .healthy("connected")
                }
                return .unhealthy(consumes ? "the publisher is not connected" : "the consumer is not connected")
            },
            HealthCheck("store") { [store] in
                await store.trouble().map { .unhealthy($0) } ?? .healthy("answers")
            },
            HealthCheck("storage") { [storageWatch] in
                storageWatch.outage.map { .unhealthy($0) } ?? .healthy("no transfer failed because of it")
            },
        ]
    }
}
