import EventThread
import JobStore
import Logging
import ObjectStorage
import ProviderAPI
import RabbitMQ
import ServiceLifecycle
import Telemetry

/// A worker: takes download messages, transfers files into the storage, writes manifests and completes jobs.
///
/// It holds nothing that would be lost with it: a file in transfer has a lease in the store, objects have no name before their file is
/// verified, and a message is acknowledged when its file is claimed. Any number of workers runs side by side.
///
/// A graceful shutdown stops the intake at once, lets transfers run on for `WorkerConfiguration.shutdownGrace`, and hands back what
/// is not done by then; cancelling the task hands everything back at once.
public struct WorkerService: Service {
    private let configuration: WorkerConfiguration
    private let consumer: Consumer
    private let publisher: Publisher
    private let intake: DownloadIntake
    private let sweep: UploadSweep
    let slots: TransferSlots
    private let store: JobStore
    private let storageWatch = StorageWatch()
    private let logger: Logger
    private let thread: EventThread

    /// How long aborted transfers may take to be handed back.
    private static let handBackTime: Duration = .seconds(10)

    /// Connects to nothing yet.
    /// - Parameters:
    ///   - store: remains its owner's to shut down, after `run` has returned; as do `storage` and the providers' HTTP client.
    ///   - providers: by the name that jobs give.
    ///   - thread: everything runs on it.
    public init(
        configuration: WorkerConfiguration, rabbitMQ: RabbitMQConfiguration, store: JobStore, providers: [String: ProviderClient],
        storage: any ObjectStorage, thread: EventThread, logger: Logger
    ) {
        let metrics = WorkerMetrics()
        self.configuration = configuration
        self.store = store
        self.logger = logger
        self.thread = thread
        consumer = Consumer(
            rabbitMQ, subscriptions: DownloadIntake.subscriptions(transfers: configuration.transfers), on: thread, logger: logger)
        publisher = Publisher(rabbitMQ, on: thread, logger: logger)
        slots = TransferSlots(configuration.transfers, active: metrics.active, on: thread)
        sweep = UploadSweep(storage: storage, age: configuration.staleUploads, logger: logger)
        let starter = TransferStarter(
            providers: providers, store: store, storage: storage, slots: slots,
            recorder: OutcomeRecorder(
                store: store,
                letters: FailedFileLetters(
                    publisher: publisher, store: store, metrics: metrics, repeated: RateLimitedLog(logger)),
                storage: storageWatch, manifestLease: configuration.lease, metrics: metrics),
            manifests: ManifestStep(store: store, storage: storage, watch: storageWatch, lease: configuration.lease, metrics: metrics),
            configuration: configuration, metrics: metrics, logger: logger, thread: thread)
        intake = DownloadIntake(
            consumer: consumer,
            deadLetters: DeadLetterPublisher(publisher: publisher, metrics: metrics, repeated: RateLimitedLog(logger)), store: store,
            slots: slots, starter: starter, lease: configuration.lease,
            mostAttempts: providers.values.map(\.definition.retry.attempts).max() ?? 1, logger: logger, on: thread)
    }

    /// Works until the shutdown.
    /// - Throws: `RabbitMQError` when the first connection fails or a queue does not exist; afterwards it reconnects by itself.
    public func run() async throws {
        do {
            try await publisher.connect()
            try await consumer.connect()
        } catch {
            await close()
            throw error
        }
        logger.info("worker takes files in", metadata: ["transfers": "\(configuration.transfers)"])
        let sweeping = Task(executorPreference: thread) { await sweep.run() }
        await withTaskCancellationOrGracefulShutdownHandler {
            await withTaskExecutorPreference(thread) { await intake.run() }
        } onCancelOrGracefulShutdown: {
            Task { await intake.stop() }
        }
        sweeping.cancel()
        await intake.stop()
        await finishTransfers()
        await close()
        logger.info("worker has ended")
    }

    private func finishTransfers() async {
        let left = await withTaskCancellationHandler {
            await slots.drain(within: configuration.shutdownGrace)
        } onCancel: {
            Task { await slots.cancelAll() }
        }
        guard left > 0 else { return }
        logger.notice("\(left) transfers are aborted and handed back")
        await slots.cancelAll()
        let stuck = await slots.drain(within: Self.handBackTime)
        if stuck > 0 { logger.error("\(stuck) transfers could not be handed back; their leases bring them back") }
    }

    private func close() async {
        await consumer.shutdown()
        await publisher.shutdown()
    }
}

extension WorkerService {
    /// What `/healthz` asks: whether the intake turns, and whether the transfers' heartbeats get through.
    public func checks() -> [HealthCheck] {
        let lease = configuration.lease
        return [
            .progress(of: "download-intake", intake.progress, within: .seconds(60)),
            HealthCheck("transfers") { [slots] in
                guard let oldest = await slots.oldestHeartbeat() else { return .healthy("no transfers") }
                let seconds = oldest.components.seconds
                // One whose lease has run out, because the store is away, gives up by itself; what does not is stuck.
                return oldest <= lease * 2
                    ? .healthy("oldest heartbeat \(seconds) s ago")
                    : .unhealthy("a transfer's last heartbeat was \(seconds) s ago; the lease is \(lease.components.seconds) s")
            },
        ]
    }

    /// What `/readyz` asks.
    public func readiness() -> [HealthCheck] {
        [
            HealthCheck("rabbitmq") { [consumer, publisher] in
                let (consumes, publishes) = (await consumer.isConnected, await publisher.isConnected)
                if consumes, publishes {
                    return await publisher.isBlocked ? .unhealthy("the broker has an alarm and takes nothing") : .healthy("connected")
                }
                return .unhealthy(consumes ? "the publisher is not connected" : "the consumer is not connected")
            },
            HealthCheck("store") { [store] in
                do {
                    _ = try await store.now()
                    return await store.denial().map { .unhealthy($0) } ?? .healthy("answers")
                } catch {
                    return .unhealthy("\(error)")
                }
            },
            HealthCheck("storage") { [storageWatch] in
                storageWatch.outage.map { .unhealthy($0) } ?? .healthy("no transfer has found it down")
            },
        ]
    }
}
