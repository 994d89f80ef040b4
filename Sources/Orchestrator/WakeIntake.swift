import EventThread
import ExportCore
import JobMessages
import JobStore
import Logging
import RabbitMQ
import Telemetry

/// Takes wakes in and handles each by its job's status. A message is acknowledged when its wakes have entered the bounded set of what
/// is in hand: their leases cover them from then on, and one slow answer does not fill the prefetch window.
actor WakeIntake {
    private let consumer: Consumer
    private let check: CheckStep
    private let listing: ListingStep
    private let watch: WatchdogStep
    private let cancel: CancelStep
    private let inFlight: WorkLimiter
    private let leases: LeaseKeeper
    private let metrics: OrchestratorMetrics
    private let repeated: RateLimitedLog
    private let thread: EventThread
    let progress = ProgressMonitor()
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    static let subscriptions = [Subscription(queue: QueueNames.checks, prefetch: 64)]

    init(
        consumer: Consumer, check: CheckStep, listing: ListingStep, watch: WatchdogStep, cancel: CancelStep, limit: Int,
        leases: LeaseKeeper, metrics: OrchestratorMetrics, logger: Logger, on thread: EventThread
    ) {
        self.consumer = consumer
        self.check = check
        self.listing = listing
        self.watch = watch
        self.cancel = cancel
        self.leases = leases
        self.metrics = metrics
        repeated = RateLimitedLog(logger)
        self.thread = thread
        inFlight = WorkLimiter(limit, on: thread)
    }

    /// For `run` to end when the consumer has; what is in hand goes on.
    func stop() async { await inFlight.close() }

    func drain() async { await inFlight.drain() }
    func abandon() async { await inFlight.abandon() }

    /// Ends when the consumer has been shut down.
    func run() async throws {
        while true {
            _ = await inFlight.room()
            progress.rest()
            let deliveries = try await consumer.next(atMost: 8)
            progress.beat()
            if deliveries.isEmpty { return }
            for delivery in deliveries { await take(delivery) }
            await consumer.acknowledge(deliveries.map(\.tag))
        }
    }

    private func take(_ delivery: Delivery) async {
        let (wakes, malformed) = Wake.decode(delivery.body)
        if malformed > 0 {
            // A wake is only a hint; the timer it should have come from stands.
            metrics.wakesMalformed.increment(by: malformed)
            repeated.warning(key: "malformed", "\(malformed) lines of a message in \(QueueNames.checks) are no wakes; ignored")
        }
        await inFlight.enter(wakes.count)
        for wake in wakes { begin(wake) }
    }

    private func begin(_ wake: Wake) {
        leases.assumeIsolated { $0.hold(wake.id, claim: wake.version) }
        guard wake.state.status == .polling, !wake.isCancelRequested else {
            Task(executorPreference: thread) {
                await self.handle(wake)
                await self.end(wake)
            }
            return
        }
        check.run(wake) { [self] ready in
            guard let ready else { return assumeIsolated { $0.end(wake) } }
            Task(executorPreference: thread) {
                await self.listing.run(ready)
                await self.end(wake)
            }
        }
    }

    private func end(_ wake: Wake) {
        leases.assumeIsolated { $0.release(wake.id, claim: wake.version) }
        metrics.wakesInFlight.record(
            inFlight.assumeIsolated { inFlight in
                inFlight.leave()
                return inFlight.count
            })
    }

    private func handle(_ wake: Wake) async {
        if wake.isCancelRequested { return await cancel.run(wake) }
        switch wake.state.status {
        case .ready: await listing.run(DecisionRecorder.Subject(wake))
        case .processing: await watch.run(wake)
        case .pending, .polling, .completed, .failed: metrics.wakesStale.increment()
        }
    }
}
