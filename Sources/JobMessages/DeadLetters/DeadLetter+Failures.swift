import ExportCore
import Foundation
import RabbitMQ

extension DeadLetter {
    /// The letter for `longhaul.jobs.dead` about a job that ends FAILED. Its body is the job message, so that the job can be submitted
    /// again even after the store has deleted it.
    /// - Parameters:
    ///   - attempts: the number of attempts at the step that failed.
    ///   - firstFailure: the time of the first failure; `nil` if the last failure was the only one.
    public static func failedJob(
        _ request: JobRequest, error: JobError, attempts: Int, firstFailure: Date?, lastFailure: Date
    ) -> OutgoingMessage {
        // Jobs whose parameters are not JSON are never admitted. If one were, the headers would still name it.
        let body = (try? JobMessage.encode(request)) ?? []
        var properties = properties(of: request)
        DeadLetterHeaders(
            kind: DeadLetterKind.job.rawValue, reason: error.code, explanation: error.message, queue: QueueNames.jobs(request.priority),
            routingKey: QueueNames.jobs(request.priority), provider: request.provider, job: request.id.text, attempts: attempts,
            firstFailure: firstFailure ?? lastFailure, lastFailure: lastFailure
        ).write(to: &properties)
        return OutgoingMessage(routingKey: QueueNames.deadJobs, body: body, properties: properties)
    }

    /// The letter for `longhaul.downloads.dead` about a file that used up its attempts. Its body is the download message.
    public static func failedFile(
        _ message: DownloadMessage, request: JobRequest, failure: Failure, attempts: Int, firstFailure: Date?, lastFailure: Date
    ) -> OutgoingMessage {
        var outgoing = message.outgoing(request.priority)
        let queue = outgoing.routingKey
        outgoing.routingKey = QueueNames.deadDownloads
        outgoing.properties = properties(of: request)
        DeadLetterHeaders(
            kind: DeadLetterKind.file.rawValue, reason: failure.code, explanation: failure.message, queue: queue, routingKey: queue,
            provider: request.provider, job: request.id.text, attempts: attempts, firstFailure: firstFailure ?? lastFailure,
            lastFailure: lastFailure
        ).write(to: &outgoing.properties)
        return outgoing
    }

    private static func properties(of request: JobRequest) -> MessageProperties {
        var properties = MessageProperties()
        properties.messageID = request.id.text
        properties.correlationID = request.correlationID
        properties.contentType = "application/json"
        properties.appID = "longhaul"
        properties.isPersistent = true
        if let trace = request.traceparent {
            properties.headers[traceHeader] = .string(PrintableText.line(trace, atMost: DeadLetterHeaders.longestText))
        }
        return properties
    }
}
