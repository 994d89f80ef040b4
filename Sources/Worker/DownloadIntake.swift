import EventThread
import ExportCore
import JobMessages
import JobStore
import Logging
import RabbitMQ
import Retry
import Telemetry

/// Takes download messages in: wait for room → pull by priority → read → claim → acknowledge → start.
///
/// A message is acknowledged as soon as its file is claimed, for the lease stands behind it from then on. While the store cannot be
/// reached nothing is acknowledged, and nothing more is pulled.
actor DownloadIntake {
    private let consumer: Consumer
    private let deadLetters: DeadLetterPublisher
    private let store: JobStore
    private let slots: TransferSlots
    private let starter: TransferStarter
    private let lease: Duration
    /// The most attempts that any provider allows a file: the claim does not know yet whose file it is.
    private let mostAttempts: Int
    private let logger: Logger
    private let thread: EventThread
    private var turns = IntakeTurns()
    private var backoff = LoopBackoff()
    private var pause: Task<Void, any Error>?
    private var isStopping = false
    let progress = ProgressMonitor()
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    init(
        consumer: Consumer, deadLetters: DeadLetterPublisher, store: JobStore, slots: TransferSlots, starter: TransferStarter,
        lease: Duration, mostAttempts: Int, logger: Logger, on thread: EventThread
    ) {
        self.consumer = consumer
        self.deadLetters = deadLetters
        self.store = store
        self.slots = slots
        self.starter = starter
        self.lease = lease
        self.mostAttempts = mostAttempts
        self.logger = logger
        self.thread = thread
    }

    /// Messages wait here beyond the free places, so that a place that becomes free need not wait for the broker, and the broker sends
    /// and hears of several at once: half as many cost it a sixth more a message.
    static func subscriptions(transfers: Int) -> [Subscription] {
        JobPriority.allCases.map {
            Subscription(queue: QueueNames.downloads($0), prefetch: UInt16(clamping: max($0 == .low ? transfers / 2 : transfers, 2)))
        }
    }

    /// Ends after `stop`, or when the consumer has been shut down.
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
                logger.warning("download messages wait: \(error)")
                await rest()
            }
        }
    }

    /// Takes nothing more in; what was pulled and not claimed goes back to its queue.
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
        // Nothing is here: whichever comes first.
        if share.isEmpty { for priority in JobPriority.allCases { share[priority] = 1 } }
        var limits: [String: Int] = [:]
        for (priority, count) in share { limits[QueueNames.downloads(priority)] = count }
        return try await consumer.next(atMost: limits)
    }

    private func rest() async {
        let delay = backoff.next()
        let pause = Task(executorPreference: thread) { try await Task.sleep(for: delay) }
        self.pause = pause
        if isStopping { pause.cancel() }
        // Cut short by `stop`, which the caller sees.
        _ = await pause.result
        self.pause = nil
    }
}

extension DownloadIntake {
    /// A message that could be read.
    private struct Work: Sendable {
        let message: DownloadMessage
        let tag: DeliveryTag
        let traceparent: String?
    }

    private enum Claim: Sendable {
        case settled
        /// The store could not be asked.
        case later(Work)
        /// The store refuses to answer, and will again: the broker counts how often a message comes back, and buries it in the end.
        case refused(Work)
    }

    private func settle(_ deliveries: [Delivery]) async {
        var work: [Work] = []
        for delivery in deliveries {
            do throws(JobMessageError) {
                let message = try DownloadMessage(body: delivery.body)
                work.append(Work(message: message, tag: delivery.tag, traceparent: delivery.traceparent))
            } catch {
                // Not waited for: while an alarm keeps the broker from taking it, files can still be transferred. The prefetch
                // bounds how many there are.
                let letter = DeadLetter(delivery, error)
                Task(executorPreference: thread) { await self.deadLetters.bury(letter, from: self.consumer) }
            }
        }
        while !work.isEmpty {
            progress.rest()
            let room = await slots.room()
            progress.beat()
            if room == 0 || isStopping { break }
            let wave = Array(work.prefix(room))
            work.removeFirst(wave.count)
            let left = await claim(wave)
            if left.isEmpty {
                backoff.reset()
            } else {
                work = left + work
                await rest()
            }
        }
        await consumer.reject(work.map(\.tag), requeue: true)
    }

    /// Claims all at once, and starts what was claimed.
    /// - Returns: what has to be tried again.
    private func claim(_ wave: [Work]) async -> [Work] {
        if wave.count == 1 { return await left(of: claim(wave[0])) }
        return await withTaskGroup(of: Claim.self) { group in
            for work in wave { group.addTask { await self.claim(work) } }
            var left: [Work] = []
            for await claim in group { left += await self.left(of: claim) }
            return left
        }
    }

    private func left(of claim: Claim) async -> [Work] {
        switch claim {
        case .settled: return []
        case .later(let work): return [work]
        case .refused(let work):
            await consumer.reject([work.tag], requeue: true)
            return []
        }
    }

    private func claim(_ work: Work) async -> Claim {
        let id = work.message.id
        let claimedAt = ContinuousClock.now
        do throws(JobStoreError) {
            switch work.message.task {
            case .manifest:
                let job = try await store.claimManifest(of: id, lease: lease)
                if let job { await starter.startManifest(ManifestClaim(job: job, at: claimedAt)) } else { logNothing(work, "not due") }
            case .file(let index):
                switch try await store.claimFile(index, of: id, lease: lease, maxAttempts: mostAttempts) {
                case .nothing(let reason): logNothing(work, reason)
                case .claimed(let file): await starter.start(file, claimedAt: claimedAt, traceparent: work.traceparent)
                case .exhausted(let file): await starter.startExhausted(file)
                }
            }
            await consumer.acknowledge([work.tag])
            return .settled
        } catch {
            logger.warning("a file is not claimed: \(error)", metadata: ["jobId": "\(id)"])
            return error.isRetriable ? .later(work) : .refused(work)
        }
    }

    private func logNothing(_ work: Work, _ reason: String) {
        logger.debug(
            "nothing to do for a download message: \(reason)",
            metadata: ["jobId": "\(work.message.id)", "correlationId": "\(work.message.correlationID)"])
    }
}

extension Delivery {
    /// W3C Trace Context of whoever published it.
    fileprivate var traceparent: String? {
        guard case .string(let text)? = properties.headers["traceparent"] else { return nil }
        return text
    }
}
