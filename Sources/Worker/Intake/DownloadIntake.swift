import EventThread
import ExportCore
import JobMessages
import Logging
import RabbitMQ
import Retry
import Telemetry

/// Takes download messages: wait for room → pull by priority → read → claim → acknowledge → start.
///
/// A message is acknowledged as soon as its file is claimed: from then on the lease brings the file back. While the store is
/// unreachable, no message is acknowledged and no more messages are pulled.
actor DownloadIntake {
    private let consumer: Consumer
    private let slots: TransferSlots
    private let claimer: DownloadClaimer
    private let logger: Logger
    private let thread: EventThread
    private var turns = IntakeTurns()
    private var ended = EndedJobs()
    private var backoff = LoopBackoff()
    private var pause: Task<Void, any Error>?
    private var isStopping = false
    let progress = ProgressMonitor()
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    init(consumer: Consumer, slots: TransferSlots, claimer: DownloadClaimer, logger: Logger, on thread: EventThread) {
        self.consumer = consumer
        self.slots = slots
        self.claimer = claimer
        self.logger = logger
        self.thread = thread
    }

    /// The prefetch exceeds the free places, so that a free place need not wait for the broker, and the broker sends messages and receives
    /// acknowledgements in groups: half the prefetch costs it a sixth more per message.
    static func subscriptions(transfers: Int) -> [Subscription] {
        JobPriority.allCases.map {
            Subscription(queue: QueueNames.downloads($0), prefetch: UInt16(clamping: max($0 == .low ? transfers / 2 : transfers, 2)))
        }
    }

    /// Returns after `stop`, or when the consumer has shut down.
    func run() async {
        while !isStopping {
            progress.rest()
            let room = await slots.room()
            if room == 0 { return }
            do throws(RabbitMQError) {
                let deliveries = try await pull(room)
                progress.beat()
                if deliveries.isEmpty { return }
                await settle(deliveries)
            } catch {
                if error.kind == .cancelled { return }
                logger.warning("no download messages were received; the next attempt follows: \(error)")
                await rest()
            }
        }
    }

    /// Takes no more messages. Those that were pulled and not claimed go back to their queues.
    func stop() async {
        isStopping = true
        pause?.cancel()
        await slots.close()
        await consumer.stopIntake()
    }

    private func pull(_ room: Int) async throws(RabbitMQError) -> [Delivery] {
        var ready: [JobPriority: Int] = [:]
        for priority in JobPriority.allCases { ready[priority] = await consumer.ready(in: QueueNames.downloads(priority)) }
        var share = turns.share(room, ready: ready)
        // No message is here: the first that arrives is taken, from whichever queue.
        if share.isEmpty { for priority in JobPriority.allCases { share[priority] = 1 } }
        var limits: [String: Int] = [:]
        for (priority, count) in share { limits[QueueNames.downloads(priority)] = count }
        return try await consumer.next(atMost: limits)
    }

    private func settle(_ deliveries: [Delivery]) async {
        var pending = claimer.read(deliveries)
        while !pending.isEmpty {
            progress.rest()
            let room = await slots.room()
            progress.beat()
            if room == 0 || isStopping { break }
            pending = await discard(pending)
            if pending.isEmpty { return }
            let wave = Array(pending.prefix(room))
            pending.removeFirst(wave.count)
            let claimed = await claimer.claim(wave), unclaimed = claimed.unclaimed
            for message in claimed.ended { ended.insert(message, at: .now) }
            if unclaimed.isEmpty {
                backoff.reset()
            } else {
                pending = unclaimed + pending
                await rest()
            }
        }
        await consumer.reject(pending.map(\.tag), requeue: true)
    }

    /// Acknowledges the messages of jobs that are known to have ended.
    private func discard(_ pending: [PendingDownload]) async -> [PendingDownload] {
        let now = ContinuousClock.now
        let late = pending.filter { ended.cover($0.message, at: now) }
        if late.isEmpty { return pending }
        await consumer.acknowledge(late.map(\.tag))
        return pending.filter { !ended.cover($0.message, at: now) }
    }

    private func rest() async {
        let delay = backoff.next()
        let pause = Task(executorPreference: thread) { try await Task.sleep(for: delay) }
        self.pause = pause
        if isStopping { pause.cancel() }
        // `stop` cuts it short, which the caller checks.
        _ = await pause.result
        self.pause = nil
    }
}
