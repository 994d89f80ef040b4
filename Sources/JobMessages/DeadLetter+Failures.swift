import ExportCore
import Foundation
import RabbitMQ

extension DeadLetter {
    /// The letter for `longhaul.jobs.dead` about a job that ends FAILED. Its body is the job message again, so that the job can be
    /// brought back even when the store has forgotten it.
    /// - Parameters:
    ///   - attempts: how often what failed was tried.
    ///   - firstFailure: the first of its failures; without it, the last was the only one.
    public static func failedJob(
        _ job: ExportJob, error: JobError, attempts: Int, firstFailure: Date?, lastFailure: Date
    ) -> OutgoingMessage {
        let message = JobMessage(
            id: job.id, provider: job.provider, parameters: job.parameters, priority: job.priority, tenant: job.tenant,
            correlationID: job.correlationID, webhook: job.webhook)
        // Parameters that are no JSON are never admitted; should they be, the headers still name the job.
        let body = (try? message.encoded()) ?? []
        var properties = properties(of: job)
        DeadLetterHeaders(
            kind: DeadLetterKind.job.rawValue, reason: error.code, explanation: error.message, queue: QueueNames.jobs(job.priority),
            routingKey: QueueNames.jobs(job.priority), provider: job.provider, job: job.id.text, attempts: attempts,
            firstFailure: firstFailure ?? lastFailure, lastFailure: lastFailure
        ).write(to: &properties)
        return OutgoingMessage(routingKey: QueueNames.deadJobs, body: body, properties: properties)
    }

    /// The letter for `longhaul.downloads.dead` about a file that used up its attempts. Its body is the message again.
    public static func failedFile(
        _ message: DownloadMessage, job: ExportJob, failure: Failure, attempts: Int, firstFailure: Date?, lastFailure: Date
    ) -> OutgoingMessage {
        var outgoing = message.outgoing(job.priority)
        let queue = outgoing.routingKey
        outgoing.routingKey = QueueNames.deadDownloads
        outgoing.properties = properties(of: job)
        DeadLetterHeaders(
            kind: DeadLetterKind.file.rawValue, reason: failure.code, explanation: failure.message, queue: queue, routingKey: queue,
            provider: job.provider, job: job.id.text, attempts: attempts, firstFailure: firstFailure ?? lastFailure,
            lastFailure: lastFailure
        ).write(to: &outgoing.properties)
        return outgoing
    }

    private static func properties(of job: ExportJob) -> MessageProperties {
        var properties = MessageProperties()
        properties.messageID = job.id.text
        properties.correlationID = job.correlationID
        properties.contentType = "application/json"
        properties.appID = "longhaul"
        properties.isPersistent = true
        if let trace = job.traceparent {
            properties.headers[traceHeader] = .string(PrintableText.line(trace, atMost: DeadLetterHeaders.longestText))
        }
        return properties
    }
}
