import EventThread
import JobMessages
import JobStore
import Lifecycle
import Logging
import RabbitMQ
import Telemetry
import TraceContext

/// A readable download message that is not settled yet.
struct PendingDownload: Sendable {
    let message: DownloadMessage
    let tag: DeliveryTag
    let origin: MessageOrigin
}

/// Where a message came from, for its span.
struct MessageOrigin: Sendable {
    let queue: String
    /// The W3C Trace Context of the publisher.
    let traceparent: String?

    var context: TraceContext? { Traces.areOn ? traceparent.flatMap { TraceContext(traceparent: $0) } : nil }
}

/// Why a download message starts nothing.
enum NothingToDo: Sendable {
    /// No message of the job counts that is as old as this one.
    case jobEnded
    case because(String)
}

/// Messages that were to be claimed, and are not settled by a claim.
struct ClaimedWave: Sendable {
    /// The store did not answer. They must be claimed again later.
    var unclaimed: [PendingDownload] = []
    /// Their jobs have ended. They are acknowledged.
    var ended: [DownloadMessage] = []
}

/// Claims the files and manifests of download messages, and settles the messages: read → claim → acknowledge.
struct DownloadClaimer: Sendable {
    let consumer: Consumer
    let office: DeadLetterOffice
    let slots: TransferSlots
    let files: FilePipeline
    let manifests: ManifestStep
    let metrics: LifecycleMetrics
    let logger: Logger
    let repeated: RateLimitedLog
    let thread: EventThread

    /// - Returns: the readable messages; the others are dead-lettered.
    func read(_ deliveries: [Delivery]) -> [PendingDownload] {
        var pending: [PendingDownload] = []
        for delivery in deliveries {
            do throws(JobMessageError) {
                let message = try DownloadMessage(body: delivery.body)
                pending.append(PendingDownload(message: message, tag: delivery.tag, origin: delivery.origin))
            } catch {
                // Not awaited: while the broker has an alarm and accepts nothing, files can still be transferred. The prefetch bounds how
                // many letters there are.
                let letter = DeadLetter(delivery, error)
                Task(executorPreference: thread) { await bury(letter) }
            }
        }
        return pending
    }

    /// Claims all in one call, and starts what was claimed.
    func claim(_ wave: [PendingDownload]) async -> ClaimedWave {
        if wave.count == 1 { return await claim(wave[0]) }
        return await withTaskGroup(of: ClaimedWave.self) { group in
            for pending in wave { group.addTask { await claim(pending) } }
            return await group.reduce(into: ClaimedWave()) {
                $0.unclaimed += $1.unclaimed
                $0.ended += $1.ended
            }
        }
    }

    private func claim(_ pending: PendingDownload) async -> ClaimedWave {
        let message = pending.message
        do throws(JobStoreError) {
            let nothing = try await start(message, from: pending.origin)
            await consumer.acknowledge([pending.tag])
            guard let nothing else { return ClaimedWave() }
            logger.debug(
                "nothing to do for a download message: \(nothing)",
                metadata: ["jobId": "\(message.id)", "correlationId": "\(message.correlationID)"])
            if case .jobEnded = nothing { return ClaimedWave(ended: [message]) }
            return ClaimedWave()
        } catch {
            logger.warning("a download message is not handled yet: \(error)", metadata: ["jobId": "\(message.id)"])
            if error.isRetriable { return ClaimedWave(unclaimed: [pending]) }
            // The store will refuse again. The broker counts redeliveries, and dead-letters the message in the end.
            await consumer.reject([pending.tag], requeue: true)
            return ClaimedWave()
        }
    }

    /// - Returns: why nothing was started; `nil` if the file, or the job for its manifest, is claimed.
    private func start(_ message: DownloadMessage, from origin: MessageOrigin) async throws(JobStoreError) -> NothingToDo? {
        switch message.task {
        case .file(let index, let token):
            return try await files.start(index, of: message.id, token: token, from: origin)
        case .manifest:
            guard let claim = try await manifests.claim(message.id) else { return .because("no manifest is due") }
            await slots.start {
                await manifests.run(claim, from: origin)
                return nil
            }
            return nil
        }
    }

    /// If the dead-letter queue does not take the letter, the message goes back to its queue, whose delivery limit bounds the repetitions.
    private func bury(_ letter: DeadLetter) async {
        do {
            try await office.bury(letter, in: QueueNames.deadDownloads, from: consumer)
            metrics.deadDownloads.increment()
            repeated.warning(
                key: letter.error.code, "download message dead-lettered: \(letter.error.message)",
                metadata: ["reason": "\(letter.error.code)", "queue": "\(letter.delivery.queue)"])
        } catch {
            repeated.error(key: "unburied", "download message not dead-lettered, and put back into its queue: \(error)")
            await consumer.reject([letter.delivery.tag], requeue: true)
        }
    }
}

extension Delivery {
    fileprivate var origin: MessageOrigin { MessageOrigin(queue: queue, traceparent: properties.headers["traceparent"]?.text) }
}
