import EventThread
import ExportCore
import JobMessages
import JobStore
import Lifecycle
import Logging
import RabbitMQ
import Retry
import Telemetry

/// Publishes the files of jobs in the download line by turns, while the download queues are shallow: a job with a hundred thousand files
/// must not stand before everyone else's. Any number of orchestrators can do so concurrently; each keeps to its own window.
///
/// A job stays in the line until it has no listed file left, and the watchdog of a job lines it up again: nothing is lost with this process.
/// While the line is empty, it asks nobody anything.
actor DownloadDispatcher {
    private let store: JobStore
    private let files: FileInterpreter
    private let publisher: Publisher
    private let administrator: Administrator
    private let repeated: RateLimitedLog
    private let thread: EventThread
    /// The priorities with jobs in the line, as far as is known.
    private var waiting: Set<JobPriority> = []
    /// Those that were signalled while the line was being asked.
    private var signalled: Set<JobPriority> = []
    private var windows: [JobPriority: DownloadWindow] = [:]
    private var sleeper: CheckedContinuation<Void, Never>?
    private var alarm: TimerHandle?
    private let rounds = Rounds()
    let progress = ProgressMonitor()
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    /// - Parameter administrator: reads the depth of queues; it is shut down here.
    init(
        store: JobStore, files: FileInterpreter, publisher: Publisher, administrator: Administrator, logger: Logger, on thread: EventThread
    ) {
        self.store = store
        self.files = files
        self.publisher = publisher
        self.administrator = administrator
        self.thread = thread
        repeated = RateLimitedLog(logger)
    }

    /// Jobs of these priorities stand in the line.
    func signal(_ priorities: some Sequence<JobPriority>) {
        waiting.formUnion(priorities)
        signalled.formUnion(priorities)
        if !signalled.isEmpty { wake() }
    }

    func stop() {
        rounds.stop()
        wake()
    }

    func shutdown() async { await administrator.shutdown() }

    /// Runs until `stop`.
    func run() async {
        await rounds.run {
            if waiting.isEmpty {
                progress.rest()
                await sleep(for: nil)
            } else {
                progress.beat()
                if let wait = try await turns() { await sleep(for: wait) }
            }
            return .zero
        } onFailure: { error in
            repeated.warning(key: "turns", "files that wait for their turn have to wait longer: \(error)")
        }
    }

    /// Gives the next turns.
    /// - Returns: how long to wait before the next, because the queues are full.
    private func turns() async throws -> Duration? {
        // Without a broker a file would only be queued without a message.
        guard await publisher.isConnected, await !publisher.isBlocked else { return DownloadWindow.interval }
        try await lookAtQueues()
        let limits = waiting.reduce(into: [:]) { $0[$1] = (windows[$1]?.room ?? 0) / DownloadTurns.batch }.filter { $0.value > 0 }
        guard !limits.isEmpty else {
            return waiting.map { windows[$0]?.nextLook ?? .now }.min().map { max($0 - .now, .milliseconds(1)) }
        }
        signalled.subtract(limits.keys)
        let turns = try await store.nextTurns(limits)
        for priority in limits.keys where !signalled.contains(priority) && !turns.contains(where: { $0.priority == priority }) {
            waiting.remove(priority)
        }
        guard !turns.isEmpty else { return nil }
        let outcome = await files.take(turns)
        for (priority, count) in outcome.queued { windows[priority]?.published(count) }
        if let error = outcome.error { throw error }
        return nil
    }

    private func lookAtQueues() async throws {
        for priority in waiting where windows[priority, default: DownloadWindow()].nextLook <= .now {
            let depth = try await administrator.depth(QueueNames.downloads(priority)).messages
            windows[priority, default: DownloadWindow()].look(depth, at: .now)
        }
    }

    /// Sleeps until a signal, or until the time is over.
    private func sleep(for time: Duration?) async {
        if let time { alarm = thread.schedule(after: time) { [weak self] in self?.assumeIsolated { $0.wake() } } }
        await withCheckedContinuation { continuation in
            if rounds.isStopped || time == nil && !waiting.isEmpty { continuation.resume() } else { sleeper = continuation }
        }
        if let alarm { thread.cancel(alarm) }
        alarm = nil
    }

    private func wake() {
        sleeper?.resume()
        sleeper = nil
    }
}
