import EventThread
import ExportCore
import JobMessages
import JobStore
import Lifecycle
import Logging
import RabbitMQ
import Telemetry

/// Receives wakes and handles each by the status of its job. A message is acknowledged when its wakes have entered the bounded set of jobs in
/// progress: their leases cover them from then on, and a slow answer does not fill the prefetch window.
actor WakeIntake {
    private let consumer: Consumer
    private let resolver: JobResolver
    private let checks: CheckPipeline
    private let listing: FileListing
    private let watchdog: TransferWatchdog
    private let cancellation: ExportCancellation
    private let work: JobsInProgress
    private let metrics: OrchestratorMetrics
    private let leases: LifecycleMetrics
    private let repeated: RateLimitedLog
    private let thread: EventThread
    let progress = ProgressMonitor()
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    static let subscriptions = [Subscription(queue: QueueNames.checks, prefetch: 64)]

    init(
        consumer: Consumer, resolver: JobResolver, checks: CheckPipeline, listing: FileListing, watchdog: TransferWatchdog,
        cancellation: ExportCancellation, work: JobsInProgress, metrics: OrchestratorMetrics, leases: LifecycleMetrics,
        logger: Logger, on thread: EventThread
    ) {
        self.consumer = consumer
        self.resolver = resolver
        self.checks = checks
        self.listing = listing
        self.watchdog = watchdog
        self.cancellation = cancellation
        self.work = work
        self.metrics = metrics
        self.leases = leases
        repeated = RateLimitedLog(logger)
        self.thread = thread
    }

    /// Lets `run` end once the consumer has ended; the jobs in progress continue.
    func stop() async { await work.close() }

    /// Ends when the consumer has been shut down.
    func run() async throws {
        while true {
            await work.room()
            progress.rest()
            let deliveries = try await consumer.next(atMost: 8)
            progress.beat()
            if deliveries.isEmpty { return }
            for delivery in deliveries {
                let jobs = decode(delivery)
                await work.enter(jobs)
                Task(executorPreference: thread) { await self.handle(jobs) }
            }
            await consumer.acknowledge(deliveries.map(\.tag))
        }
    }

    private func decode(_ delivery: Delivery) -> [ClaimedJob] {
        let (jobs, malformed) = Wake.decode(delivery.body)
        if malformed > 0 {
            // A wake is only a hint; the job's timer still exists.
            metrics.wakesMalformed.increment(by: malformed)
            repeated.warning(key: "malformed", "ignored \(malformed) lines of a message in \(QueueNames.checks) that are not wakes")
        }
        // The second claim without a decision in between: whoever had the first one did not finish.
        let expired = jobs.count { $0.state.claims > 1 }
        if expired > 0 { leases.countExpiredJobs(expired) }
        return jobs
    }

    /// The wakes of one message: the checks grouped by provider, and every other job separately, because it may take long.
    private func handle(_ jobs: [ClaimedJob]) async {
        let span = JobTrace.batch(of: jobs, from: QueueNames.checks)
        defer { span?.end() }
        var toCheck: [ObjectIdentifier: (provider: Provider, jobs: [ClaimedJob])] = [:]
        for job in jobs {
            if job.state.status == .polling, !job.isCancelRequested, let provider = resolver.known(job) {
                if job.state.waited > provider.machine.rules.maxWait + provider.machine.rules.lease { metrics.overdue.increment() }
                toCheck[ObjectIdentifier(provider), default: (provider, [])].jobs.append(job)
            } else {
                begin(job)
            }
        }
        if toCheck.count == 1, let only = toCheck.values.first { return await checks.run(only.jobs, of: only.provider, in: span?.context) }
        for (provider, jobs) in toCheck.values {
            Task(executorPreference: thread) { [checks] in await checks.run(jobs, of: provider, in: span?.context) }
        }
    }

    private func begin(_ job: ClaimedJob) {
        Task(executorPreference: thread) {
            await self.handle(job)
            await self.work.leave([job])
        }
    }

    private func handle(_ job: ClaimedJob) async {
        if job.isCancelRequested {
            return await JobTrace.run("cancel \(job.request.provider)", of: job.request) { _ in await cancellation.run(job) }
        }
        switch job.state.status {
        case .ready: await listing.resume(job, with: resolver.interpreter)
        case .processing: await watchdog.run(job)
        case .polling:
            // A check that must not be made, or one by a version of the provider file that was not loaded yet.
            guard let provider = await resolver.resolve(job) else { return }
            await work.enter([job])
            await checks.run([job], of: provider)
        case .pending, .completed, .failed: metrics.wakesStale.increment()
        }
    }
}
