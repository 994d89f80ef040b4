import ExportCore
import RabbitMQ

extension DeadLetterRecord {
    /// The work queue that a redriven message goes to: the one that it came from, if that is one of ours, otherwise the normal one of
    /// its kind of work.
    public var redriveQueue: String {
        let queues = queue == QueueNames.deadDownloads ? QueueNames.allDownloads : QueueNames.allJobs
        if let originalQueue, queues.contains(originalQueue) { return originalQueue }
        return queue == QueueNames.deadDownloads ? QueueNames.downloads(.normal) : QueueNames.jobs(.normal)
    }

    /// The body again for `redriveQueue`, with the sender's names and the trace. It says when it first failed and how often it was tried,
    /// so that another letter about it goes on counting.
    public var redriven: OutgoingMessage {
        var properties = DeadLetter.identity(of: properties)
        properties.headers[DeadLetter.firstFailureHeader] = firstFailure.map { .string(FailureTime.text($0)) }
        properties.headers[DeadLetter.attemptsHeader] = attempts.map { .integer(Int64($0)) }
        return OutgoingMessage(routingKey: redriveQueue, body: body, properties: properties)
    }

    /// Whether the body is a job message that an orchestrator can take.
    public var holdsJobMessage: Bool {
        guard !isTruncated, queue == QueueNames.deadJobs else { return false }
        return (try? JobMessage.decode(body)) != nil  // what is wrong with it does not matter here
    }
}
