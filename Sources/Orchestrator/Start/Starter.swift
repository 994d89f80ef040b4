import EventThread
import ExportCore
import JobStore
import Lifecycle
import Logging
import Telemetry

/// Starts waiting jobs: takes them from the waiting lists of their providers while there is room and the providers may be asked, then creates
/// their exports.
actor Starter {
    private let store: JobStore
    private let providers: ProviderDirectory
    private let creation: ExportCreation
    private let leases: LeaseKeeper
    private let lease: Duration
    private let metrics: OrchestratorMetrics
    private let repeated: RateLimitedLog
    private let thread: EventThread
    private let limiter: WorkLimiter
    /// The providers with waiting jobs, as far as is known, and when each may be asked next.
    private var candidates: [String: ContinuousClock.Instant] = [:]
    /// The providers whose jobs arrived while they were being asked.
    private var signalled: Set<String> = []
    /// Creations in progress, by provider: a slow one must not take all places.
    private var inProgress: [String: Int] = [:]
    private let shareLimit: Int
    /// The providers whose overdue jobs are being ended.
    private var ending: Set<String> = []
    private var sleeper: CheckedContinuation<Void, Never>?
    private var alarm: TimerHandle?
    private var isStopping = false
    let progress = ProgressMonitor()
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    /// The maximum number of jobs taken in one call.
    private static let batch = 32

    init(
        store: JobStore, providers: ProviderDirectory, creation: ExportCreation, leases: LeaseKeeper,
        configuration: OrchestratorConfiguration, metrics: OrchestratorMetrics, logger: Logger, on thread: EventThread
    ) {
        self.store = store
        self.providers = providers
        self.creation = creation
        self.leases = leases
        self.lease = configuration.lease
        self.metrics = metrics
        self.thread = thread
        repeated = RateLimitedLog(logger)
        limiter = WorkLimiter(configuration.createsInFlight, on: thread)
        shareLimit = providers.names.count > 1 ? max(configuration.createsInFlight / 2, 1) : configuration.createsInFlight
    }

    /// Jobs of these providers wait.
    func signal(_ names: some Sequence<String>) {
        for name in names where providers[name] != nil {
            signalled.insert(name)
            // A reason to wait may end early: another orchestrator has closed the breaker.
            candidates[name] = min(candidates[name] ?? .now, .now + .seconds(1))
        }
        wake()
    }

    func stop() async {
        isStopping = true
        wake()
        await limiter.close()
    }

    func drain() async { await limiter.drain() }
    func abandon() async { await limiter.abandon() }

    /// Runs until `stop`.
    func run() async {
        while !isStopping {
            guard let provider = nextCandidate() else {
                progress.rest()
                await sleep()
                continue
            }
            let room = await limiter.room()
            progress.beat()
            if isStopping { return }
            await take(from: provider, limit: min(room, Self.batch, shareLimit - inProgress[provider.name, default: 0]))
        }
    }

    /// Takes jobs of a provider that this process does not know. Each fails a few times, in case another process knows it.
    func takeUnknown(_ ids: [JobID]) async {
        do {
            for job in try await store.start(ids, lease: lease) { _ = await creation.resolver.resolve(job) }
        } catch {
            repeated.warning(key: "unknown", "jobs of an unknown provider have to wait: \(error)")
        }
    }

    /// Ends jobs that wait for their creation and whose time is over, although their provider must not be asked. Letters and changes take
    /// their time, which the caller does not wait for.
    func endOverdue(_ jobs: [WaitingJob], of provider: Provider) async {
        guard let obstacle = await provider.gate.obstacle(.create) else { return }
        let verdict = { @Sendable (state: JobState) in provider.machine.verdictWhileHeld(state, by: obstacle.why, lasted: obstacle.lasted) }
        let overdue = jobs.filter { job in
            verdict(JobState(status: .pending, waited: .milliseconds(max(obstacle.now - job.since, 0)))) != nil
        }
        guard !overdue.isEmpty, ending.insert(provider.name).inserted else { return }
        Task(executorPreference: thread) { [self] in
            await end(overdue, verdict)
            await ended(provider.name)
        }
    }

    private nonisolated func end(_ overdue: [WaitingJob], _ verdict: (JobState) -> JobDecision?) async {
        do {
            let changes = try await store.start(overdue.map(\.id), lease: lease).compactMap { job in
                verdict(job.state).map { JobChange(job, $0, detail: $0.error?.code ?? "") }
            }
            await creation.resolver.interpreter.carryOut(changes)
        } catch {
            repeated.warning(key: "overdue", "jobs of a provider that must not be asked stay open: \(error)")
        }
    }

    private func ended(_ name: String) { ending.remove(name) }

    private func nextCandidate() -> Provider? {
        let ready = candidates.filter { $0.value <= .now && inProgress[$0.key, default: 0] < shareLimit }
        return ready.keys.randomElement().flatMap { providers[$0] }
    }

    /// Sleeps until a signal, or until a candidate may be asked.
    private func sleep() async {
        let next = candidates.filter { inProgress[$0.key, default: 0] < shareLimit }.values.min()
        if let next {
            alarm = thread.schedule(after: max(next - .now, .zero)) { [weak self] in self?.assumeIsolated { $0.wake() } }
        }
        await withCheckedContinuation { continuation in
            if isStopping || nextCandidate() != nil { continuation.resume() } else { sleeper = continuation }
        }
        if let alarm { thread.cancel(alarm) }
        alarm = nil
    }

    private func take(from provider: Provider, limit: Int) async {
        let name = provider.name
        var permission = ProviderGate.Permission.granted
        do {
            signalled.remove(name)
            let taken = try await provider.places.take(limit: limit, lease: lease)
            permission = taken.permission
            candidates[name] = taken.wait.map { .now + $0 } ?? (signalled.contains(name) ? .now : nil)
            guard !taken.jobs.isEmpty else { return }
            let jobs = try await store.start(taken.jobs.map(\.id), lease: lease)
            if jobs.isEmpty { await provider.gate.withdraw(permission, .create) }
            await begin(jobs, of: provider, permission)
            permission = .granted
            await provider.places.settle(taken, started: Set(jobs.map(\.id)))
            if jobs.count < taken.jobs.count { candidates[name] = .now }
        } catch {
            await provider.gate.withdraw(permission, .create)
            repeated.warning(key: "start", "starting jobs has to wait: \(error)", metadata: ["provider": "\(name)"])
            candidates[name] = .now + .seconds(1)
        }
    }

    private func wake() {
        sleeper?.resume()
        sleeper = nil
    }

    private func begin(_ jobs: [ClaimedJob], of provider: Provider, _ permission: ProviderGate.Permission) async {
        guard !jobs.isEmpty else { return }
        inProgress[provider.name, default: 0] += jobs.count
        await limiter.enter(jobs.count)
        metrics.createsInFlight.record(await limiter.count)
        for job in jobs {
            Task(executorPreference: thread) { [self] in
                await leases.hold(job.id, claim: job.version)
                await creation.run(job, permission, provider)
                await leases.release(job.id, claim: job.version)
                await leave(provider.name)
            }
        }
    }

    private func leave(_ name: String) async {
        inProgress[name, default: 1] -= 1
        wake()
        await limiter.leave()
        metrics.createsInFlight.record(await limiter.count)
    }
}
