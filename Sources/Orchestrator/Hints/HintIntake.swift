import EventThread
import ExportCore
import JobMessages
import JobStore
import Logging
import RabbitMQ
import Retry
import Telemetry

/// Receives hints and moves the timers of their jobs to now. A hint that is lost costs only time, a forged one a request.
actor HintIntake {
    private let consumer: Consumer
    private let store: JobStore
    private let metrics: HintMetrics
    private let logger: Logger
    private let repeated: RateLimitedLog
    private let thread: EventThread
    private var isStopping = false
    let progress = ProgressMonitor()
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    static let subscriptions = [Subscription(queue: QueueNames.hints, prefetch: 200)]
    /// From one check of a job to the next that a hint brings.
    static let spacing = Duration.seconds(5)

    init(consumer: Consumer, store: JobStore, logger: Logger, on thread: EventThread) {
        self.consumer = consumer
        self.store = store
        metrics = HintMetrics()
        self.logger = logger
        repeated = RateLimitedLog(logger)
        self.thread = thread
    }

    /// Lets `run` end once the consumer has ended, even while the store is unreachable.
    func stop() { isStopping = true }

    /// Ends when the consumer has been shut down.
    func run() async throws {
        while true {
            progress.rest()
            let deliveries = try await consumer.next(atMost: 200)
            progress.beat()
            if deliveries.isEmpty { return }
            let ids = Array(Set(deliveries.compactMap(decode)))
            let outcomes = await retry(until: { self.isStopping }, { try await self.store.hint(ids, spacing: Self.spacing) }) { error in
                if error is CancellationError { return false }
                logger.warning("hints have to wait: \(error)")
                progress.beat()
                return true
            }
            for outcome in outcomes ?? [] { metrics.count(outcome) }
            await consumer.acknowledge(deliveries.map(\.tag))
        }
    }

    private func decode(_ delivery: Delivery) -> JobID? {
        do throws(JobMessageError) {
            return try HintMessage(body: delivery.body).id
        } catch {
            metrics.count(.malformed)
            repeated.warning(key: error.code, "ignored a message in \(QueueNames.hints): \(error.message)")
            return nil
        }
    }
}
