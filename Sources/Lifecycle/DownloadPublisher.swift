import ExportCore
import JobMessages
import Logging
import RabbitMQ

/// Publishes the messages that tell workers what to do. The watchdog of a job finds whatever is not confirmed.
public struct DownloadPublisher: Sendable {
    private let publisher: Publisher
    private let logger: Logger

    /// Messages a batch of confirms.
    private static let batch = 500

    public init(publisher: Publisher, logger: Logger) {
        self.publisher = publisher
        self.logger = logger
    }

    /// - Returns: how many messages were confirmed.
    @discardableResult
    public func publish(files: some Collection<Int>, of request: JobRequest) async -> Int {
        await publish(files.lazy.map { (.file($0, token: nil), request.priority) }, request.id, request.correlationID, request.traceparent)
    }

    /// Files of one job that are queued again.
    /// - Returns: how many messages were confirmed.
    func publish(queued files: [QueuedFile], of id: JobID, correlationID: String, traceparent: String? = nil) async -> Int {
        await publish(files.map { (.file($0.index, token: $0.token), $0.priority) }, id, correlationID, traceparent)
    }

    public func publishManifest(of request: JobRequest) async {
        _ = await publish([(.manifest, request.priority)], request.id, request.correlationID, request.traceparent)
    }

    private func publish(
        _ tasks: some Sequence<(DownloadMessage.Task, JobPriority)>, _ id: JobID, _ correlationID: String, _ traceparent: String?
    ) async -> Int {
        let messages = tasks.map { task, priority in
            DownloadMessage(id: id, task: task, correlationID: correlationID).outgoing(priority, traceparent: traceparent)
        }
        var confirmed = 0
        for start in stride(from: 0, to: messages.count, by: Self.batch) {
            confirmed += await send(Array(messages[start..<min(start + Self.batch, messages.count)]), id)
        }
        return confirmed
    }

    private func send(_ messages: [OutgoingMessage], _ id: JobID) async -> Int {
        let metadata: Logger.Metadata = ["jobId": "\(id)"]
        do {
            let confirmed = try await publisher.publish(all: messages).count { $0 == .confirmed }
            if confirmed < messages.count {
                let refused = messages.count - confirmed
                logger.warning("\(refused) download messages were refused; the watchdog publishes them again", metadata: metadata)
            }
            return confirmed
        } catch {
            logger.warning("download messages were not published; the watchdog will publish them: \(error)", metadata: metadata)
            return 0
        }
    }
}
