import EventThread
import ExportCore
import JobStore
import Lifecycle
import Logging
import Telemetry

/// Extends the leases of the jobs in progress, every third of a lease: a request may take longer than the lease, and its answer must still
/// count. Nearly all jobs take less than a quarter of the lease and cost nothing.
///
/// Requests run on their own thread. If that thread hangs, no answers arrive, and the leases must run out as if the process had died:
/// they are extended only after the thread has made another turn.
actor LeaseKeeper {
    private let store: JobStore
    private let lease: Duration
    private let metrics: LifecycleMetrics
    private let logger: Logger
    private let thread: EventThread
    private let nextTurnOfHTTP: @Sendable () async -> Void
    let progress = ProgressMonitor()
    private var held: [JobID: Held] = [:]
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    private struct Held {
        /// The version of the claim that holds the lease.
        let claim: Int64
        var version: Int64
        var holders = 1
        let since = ContinuousClock.now
    }

    /// - Parameter nextTurnOfHTTP: returns once the requests' thread has made another turn.
    init(
        store: JobStore, lease: Duration, metrics: LifecycleMetrics, logger: Logger, on thread: EventThread,
        nextTurnOfHTTP: @escaping @Sendable () async -> Void
    ) {
        self.store = store
        self.lease = lease
        self.metrics = metrics
        self.logger = logger
        self.thread = thread
        self.nextTurnOfHTTP = nextTurnOfHTTP
    }

    /// Holds a lease. It is extended until it has been released as often as it was held.
    func hold(_ id: JobID, claim: Int64) {
        if held[id]?.claim == claim { held[id]?.holders += 1 } else { held[id] = Held(claim: claim, version: claim) }
    }

    /// A step was stored and the work continues, with the new version.
    func advance(_ id: JobID, to version: Int64) {
        if let known = held[id], known.version < version { held[id]?.version = version }
    }

    /// Changes nothing if a later claim of the same job holds the lease.
    func release(_ id: JobID, claim: Int64) {
        guard let known = held[id], known.claim == claim else { return }
        if known.holders > 1 { held[id]?.holders -= 1 } else { held[id] = nil }
    }

    /// Runs until the task is cancelled.
    func run() async {
        while !Task.isCancelled {
            do {
                try await Task.sleep(for: lease / 3)
                await nextTurnOfHTTP()
                progress.beat()
                try await extend()
            } catch is CancellationError {
                return
            } catch {
                logger.notice("leases of jobs in progress were not extended: \(error)")
            }
        }
    }

    private func extend() async throws {
        let old = ContinuousClock.now - lease / 4
        let jobs = held.filter { $0.value.since < old }.map { (id: $0.key, version: $0.value.version) }
        guard !jobs.isEmpty else { return }
        try await store.extend(jobs, lease: lease)
        metrics.extendedJobs.increment(by: jobs.count)
    }
}
