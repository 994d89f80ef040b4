import EventThread
import ExportCore
import JobStore
import Logging
import ProviderAPI
import Telemetry

/// Starts waiting jobs: claims them from the waiting lists while there is room, and creates their exports.
actor Starter {
    private let store: JobStore
    private let providers: ProviderDirectory
    private let recorder: DecisionRecorder
    private let durations: UsualDurations
    private let leases: LeaseKeeper
    private let lease: Duration
    private let metrics: OrchestratorMetrics
    private let logger: Logger
    private let thread: EventThread
    private let inFlight: InFlightLimit
    /// Partitions in which jobs wait, as far as is known.
    private var candidates: Set<Int> = []
    private var sleeper: CheckedContinuation<Void, Never>?
    private var isStopping = false
    let progress = ProgressMonitor()
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    init(
        store: JobStore, providers: ProviderDirectory, recorder: DecisionRecorder, durations: UsualDurations, leases: LeaseKeeper,
        configuration: OrchestratorConfiguration,
        metrics: OrchestratorMetrics, logger: Logger, on thread: EventThread
    ) {
        self.store = store
        self.providers = providers
        self.recorder = recorder
        self.durations = durations
        self.leases = leases
        self.lease = configuration.lease
        self.metrics = metrics
        self.logger = logger
        self.thread = thread
        inFlight = InFlightLimit(configuration.createsInFlight, on: thread)
    }

    /// Tells that jobs wait in these partitions.
    func signal(_ partitions: Set<Int>) {
        candidates.formUnion(partitions)
        wake()
    }

    func stop() async {
        isStopping = true
        wake()
        await inFlight.close()
    }

    func drain() async { await inFlight.drain() }
    func abandon() async { await inFlight.abandon() }

    /// Ends by `stop`.
    func run() async {
        var pause = LoopBackoff()
        while !isStopping {
            if candidates.isEmpty {
                progress.rest()
                await withCheckedContinuation { continuation in
                    if candidates.isEmpty, !isStopping { sleeper = continuation } else { continuation.resume() }
                }
                continue
            }
            let room = await inFlight.room()
            progress.beat()
            guard let partition = candidates.randomElement(), !isStopping else { continue }
            do {
                let jobs = try await store.start(partition: partition, limit: min(room, 32), lease: lease)
                pause.reset()
                if jobs.isEmpty { candidates.remove(partition) }
                await begin(jobs)
            } catch {
                logger.warning("starting jobs has to wait: \(error)")
                guard await pause.wait() else { return }
            }
        }
    }

    private func wake() {
        sleeper?.resume()
        sleeper = nil
    }

    private func begin(_ jobs: [ExportJob]) async {
        guard !jobs.isEmpty else { return }
        await inFlight.enter(jobs.count)
        metrics.createsInFlight.record(await inFlight.count)
        for job in jobs {
            Task(executorPreference: thread) { [self] in
                await leases.hold(job.id, claim: job.version)
                await create(job)
                await leases.release(job.id, claim: job.version)
                await inFlight.leave()
                metrics.createsInFlight.record(await inFlight.count)
            }
        }
    }

    private func hints(_ context: JobContext, _ provider: ProviderDirectory.Entry) async -> PollHints {
        PollHints(usualDuration: await durations.usual(provider: context.provider, kind: await provider.kind(context)))
    }

    private func create(_ job: ExportJob) async {
        let subject = DecisionRecorder.Subject(job)
        guard let provider = providers[job.provider] else {
            return await recorder.providerUnknown(subject)
        }
        if let verdict = provider.machine.verdictAtClaim(job.state) {
            await recorder.record(verdict, for: subject)
            return
        }
        let context = JobContext(job)
        switch await provider.client.create(context) {
        case .created(let handle):
            metrics.countCreate(.succeeded)
            await recorder.decide(.created(await hints(context, provider)), for: subject, by: provider.machine, exportHandle: handle)
        case .adopted(let handle):
            metrics.countCreate(.succeeded)
            await recorder.decide(
                .created(await hints(context, provider)), for: subject, by: provider.machine, detail: "adopted", exportHandle: handle)
        case .failed(let failure):
            metrics.countCreate(StepOutcome(failure.failureClass))
            await recorder.decide(.stepFailed(failure), for: subject, by: provider.machine, detail: failure.code)
        }
    }
}
