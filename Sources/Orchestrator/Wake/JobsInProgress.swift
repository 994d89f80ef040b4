import EventThread
import ExportCore
import JobStore
import Lifecycle
import Telemetry

/// The claimed jobs that this orchestrator works on: a bound on their number, and a heartbeat for their leases.
///
/// A job may be in progress more than once, when one step starts another; it leaves as often as it entered.
actor JobsInProgress {
    private let store: JobStore
    private let leases: LeaseKeeper
    private let clock: DueClock
    private let limiter: WorkLimiter
    private let metrics: OrchestratorMetrics
    private let repeated: RateLimitedLog
    private let thread: EventThread
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    init(
        limit: Int, store: JobStore, leases: LeaseKeeper, clock: DueClock, metrics: OrchestratorMetrics, repeated: RateLimitedLog,
        on thread: EventThread
    ) {
        self.store = store
        self.leases = leases
        self.clock = clock
        self.metrics = metrics
        self.repeated = repeated
        self.thread = thread
        limiter = WorkLimiter(limit, on: thread)
    }

    /// Waits until there is room for another message. Only one task may wait.
    func room() async { _ = await limiter.room() }

    /// May exceed the limit by the wakes of one message.
    func enter(_ jobs: [ClaimedJob]) async {
        await limiter.enter(jobs.count)
        for job in jobs { await leases.hold(job.id, claim: job.version) }
        metrics.wakesInFlight.record(await limiter.count)
    }

    func leave(_ jobs: [ClaimedJob]) async {
        guard !jobs.isEmpty else { return }
        for job in jobs { await leases.release(job.id, claim: job.version) }
        await limiter.leave(jobs.count)
        metrics.wakesInFlight.record(await limiter.count)
    }

    /// A step was stored and the work continues with the new version.
    func advance(_ job: ClaimedJob) async { await leases.advance(job.id, to: job.version) }

    /// The provider may not be asked now: the job's timer moves, and the claim does not count.
    func postpone(_ job: ClaimedJob, by delay: Duration) async {
        metrics.held.increment()
        do {
            try await store.postpone([(job.id, job.version)], by: delay)
            await clock.timerSet(on: job.id.partition(of: store.partitions), after: delay)
        } catch {
            repeated.warning(
                key: "postpone", "a job was not postponed; its lease brings it back: \(error)",
                metadata: TransitionReporter.metadata(job))
        }
    }

    func close() async { await limiter.close() }
    func drain() async { await limiter.drain() }
    func abandon() async { await limiter.abandon() }
}
