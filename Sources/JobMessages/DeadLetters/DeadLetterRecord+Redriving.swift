import ExportCore
import RabbitMQ

extension DeadLetterRecord {
    /// The work queue to redrive the message to: its original queue if that is one of Longhaul's, otherwise the queue of normal
    /// priority for its kind of work.
    public var redriveQueue: String {
        let queues = queue == QueueNames.deadDownloads ? QueueNames.allDownloads : QueueNames.allJobs
        if let originalQueue, queues.contains(originalQueue) { return originalQueue }
        return queue == QueueNames.deadDownloads ? QueueNames.downloads(.normal) : QueueNames.jobs(.normal)
    }

    /// The message for `redriveQueue`: the body, the sender's identifiers and the trace. It carries the time of the first failure and the
    /// number of attempts, so that a later dead letter continues the count.
    public var redriven: OutgoingMessage {
        var properties = DeadLetter.identity(of: properties)
        properties.headers[DeadLetter.firstFailureHeader] = firstFailure.map { .string(FailureTime.text($0)) }
        properties.headers[DeadLetter.attemptsHeader] = attempts.map { .integer(Int64($0)) }
        return OutgoingMessage(routingKey: redriveQueue, body: body, properties: properties)
    }

    /// Whether it is a message that may never have become a job, so that the id it carries may belong to another job.
    public var mayNameAnotherJob: Bool { kind == .message || kind == .broker && queue == QueueNames.deadJobs }

    /// Whether the body is a job message that an orchestrator accepts.
    public var holdsJobMessage: Bool {
        guard !isTruncated, queue == QueueNames.deadJobs else { return false }
        return (try? JobMessage.decode(body)) != nil  // The error does not matter here.
    }
}
