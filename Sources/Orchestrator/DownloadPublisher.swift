import ExportCore
import JobMessages
import JobStore
import Logging
import RabbitMQ

/// Publishes what workers are to do. What is not confirmed is found by the job's watchdog.
struct DownloadPublisher: Sendable {
    let store: JobStore
    let publisher: Publisher
    let logger: Logger

    /// Messages a batch of confirms.
    private static let batch = 500

    /// - Returns: how many of the messages were confirmed.
    @discardableResult
    func publish(files: [Int], of subject: DecisionRecorder.Subject, priority: JobPriority, traceparent: String?) async -> Int {
        var confirmed = 0
        for start in stride(from: 0, to: files.count, by: Self.batch) {
            let messages = files[start..<min(start + Self.batch, files.count)].map {
                DownloadMessage(id: subject.id, task: .file($0), correlationID: subject.correlationID)
                    .outgoing(priority, traceparent: traceparent)
            }
            confirmed += await send(messages, subject)
        }
        return confirmed
    }

    func publishManifest(of subject: DecisionRecorder.Subject, priority: JobPriority = .normal, traceparent: String? = nil) async {
        let message = DownloadMessage(id: subject.id, task: .manifest, correlationID: subject.correlationID)
        _ = await send([message.outgoing(priority, traceparent: traceparent)], subject)
    }

    private func send(_ messages: [OutgoingMessage], _ subject: DecisionRecorder.Subject) async -> Int {
        do {
            let confirmed = try await publisher.publish(all: messages).count { $0 == .confirmed }
            if confirmed < messages.count {
                logger.warning(
                    "\(messages.count - confirmed) download messages were refused; the watchdog publishes them anew",
                    metadata: DecisionRecorder.metadata(subject))
            }
            return confirmed
        } catch {
            logger.warning(
                "download messages were not published, the watchdog will: \(error)", metadata: DecisionRecorder.metadata(subject))
            return 0
        }
    }
}
