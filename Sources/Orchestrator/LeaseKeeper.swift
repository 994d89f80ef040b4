import EventThread
import ExportCore
import JobStore
import Logging
import Telemetry

/// Extends the leases of the jobs in hand, every third of a lease: a request may take longer than the lease, and its answer shall
/// count. One look at all of them costs nothing for the many that are done by then.
///
/// Requests run on a thread of their own. If that hangs no answer comes any more, and leases must run out as if the process were gone: they
/// are extended only after it has turned.
actor LeaseKeeper {
    private let store: JobStore
    private let lease: Duration
    private let logger: Logger
    private let thread: EventThread
    private let nextTurnOfHTTP: @Sendable () async -> Void
    let progress = ProgressMonitor()
    private var held: [JobID: Held] = [:]
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    private struct Held {
        /// The version of the wake: whose hold it is.
        let claim: Int64
        var version: Int64
        let since = ContinuousClock.now
    }

    /// - Parameter nextTurnOfHTTP: returns when the thread of the requests has made another turn.
    init(
        store: JobStore, lease: Duration, logger: Logger, on thread: EventThread, nextTurnOfHTTP: @escaping @Sendable () async -> Void
    ) {
        self.store = store
        self.lease = lease
        self.logger = logger
        self.thread = thread
        self.nextTurnOfHTTP = nextTurnOfHTTP
    }

    func hold(_ id: JobID, claim: Int64) { held[id] = Held(claim: claim, version: claim) }

    /// A step was stored and the work goes on, with the version that it gave.
    func goOn(_ id: JobID, version: Int64) {
        if let known = held[id], known.version < version { held[id]?.version = version }
    }

    /// A later claim of the same job may hold it by now.
    func release(_ id: JobID, claim: Int64) {
        if held[id]?.claim == claim { held[id] = nil }
    }

    /// Until the task is cancelled.
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
                logger.notice("leases of jobs in hand were not extended: \(error)")
            }
        }
    }

    private func extend() async throws {
        let old = ContinuousClock.now - lease / 4
        let jobs = held.filter { $0.value.since < old }.map { (id: $0.key, version: $0.value.version) }
        if !jobs.isEmpty { try await store.extend(jobs, lease: lease) }
    }
}
