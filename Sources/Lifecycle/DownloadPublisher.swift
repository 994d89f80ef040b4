import ExportCore
import JobMessages
import Logging
import RabbitMQ

/// Publishes the messages with work for the workers. The watchdog of a job finds what is not confirmed.
public struct DownloadPublisher: Sendable {
    private let publisher: Publisher
    private let metrics: LifecycleMetrics
    private let logger: Logger

    /// Messages a batch of confirms.
    private static let batch = 500

    /// Why a file gets a message: the label `why` of `longhaul_downloads_published_total`.
    public enum Reason: String, Sendable, CaseIterable {
        /// It was listed, as one of the first of its job.
        case listed
        /// It was its job's turn.
        case turn
        /// Its own timer fired: a lease ran out, or a backoff is over.
        case due
        /// Its message seems lost.
        case lost = "orphaned"
        /// Every file of its job has ended.
        case manifest
    }

    public init(publisher: Publisher, metrics: LifecycleMetrics, logger: Logger) {
        self.publisher = publisher
        self.metrics = metrics
        self.logger = logger
    }

    /// - Parameter token: of each of the files; `nil` if unknown.
    func publish(files: some Collection<Int>, token: Int?, of request: JobRequest) async {
        await publish(files.map { .file($0, token: token) }, of: request, because: .listed)
    }

    func publishManifest(of request: JobRequest) async { await publish([.manifest], of: request, because: .manifest) }

    /// The messages of one job, which carry the context of this step.
    private func publish(_ tasks: [DownloadMessage.Task], of request: JobRequest, because reason: Reason) async {
        let span = JobTrace.publication(of: tasks.count, to: QueueNames.downloads(request.priority), for: request)
        let messages = tasks.map { Self.message($0, of: request, traceparent: span?.context.traceparent) }
        if await publish(messages, because: reason) < messages.count { span?.fail("unconfirmed") }
        span?.end()
    }

    /// - Returns: how many messages were confirmed.
    @discardableResult
    func publish(_ messages: [OutgoingMessage], because reason: Reason) async -> Int {
        var confirmed = 0
        for start in stride(from: 0, to: messages.count, by: Self.batch) {
            confirmed += await send(Array(messages[start..<min(start + Self.batch, messages.count)]))
        }
        metrics.count(published: confirmed, because: reason)
        return confirmed
    }

    /// - Parameter traceparent: instead of the submitter's.
    static func message(_ task: DownloadMessage.Task, of request: JobRequest, traceparent: String? = nil) -> OutgoingMessage {
        DownloadMessage(id: request.id, task: task, correlationID: request.correlationID)
            .outgoing(request.priority, traceparent: traceparent ?? request.traceparent)
    }

    private func send(_ messages: [OutgoingMessage]) async -> Int {
        do {
            let confirmed = try await publisher.publish(all: messages).count { $0 == .confirmed }
            if confirmed < messages.count {
                logger.warning(
                    "\(messages.count - confirmed) of \(messages.count) download messages were refused; the watchdog publishes them again")
            }
            return confirmed
        } catch {
            logger.warning("\(messages.count) download messages were not published; the watchdog will publish them: \(error)")
            return 0
        }
    }
}
