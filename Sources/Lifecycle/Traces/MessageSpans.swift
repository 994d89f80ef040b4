import ExportCore
public import TraceContext

/// What is done with messages: semantic conventions for messaging spans.
public enum MessageKind: String, Sendable {
    case publish, process

    /// `messaging.operation.type`.
    var type: String { self == .publish ? "send" : "process" }
    var span: SpanRole { self == .publish ? .producer : .consumer }
}

extension TraceSpan {
    /// Attributes of a messaging span. All queues hang on the default exchange, so that a destination is the queue's name.
    public func set(_ kind: MessageKind, _ queue: String, count: Int? = nil, id: String? = nil, correlationID: String? = nil) {
        set([
            "messaging.system": "rabbitmq", "messaging.operation.name": kind.rawValue, "messaging.operation.type": kind.type,
            "messaging.destination.name": queue,
        ])
        if let count { set([:], numbers: ["messaging.batch.message_count": count]) }
        if let id { set(["messaging.message.id": id]) }
        if let correlationID { set(["messaging.message.conversation_id": correlationID]) }
    }
}

extension JobTrace {
    /// The span of a message of one job.
    /// - Parameter cause: the context of the message.
    public static func message(
        _ kind: MessageKind, _ queue: String, of request: JobRequest, because cause: TraceContext? = nil, at start: UInt64? = nil
    ) -> TraceSpan? {
        let span = begin("\(kind.rawValue) \(queue)", kind, of: request, because: cause, at: start)
        span?.set(kind, queue, correlationID: request.correlationID)
        return span
    }

    /// The span of publishing messages of a job, within its current step.
    static func publication(of count: Int, to queue: String, for request: JobRequest) -> TraceSpan? {
        guard Traces.sampled != nil, let span = message(.publish, queue, of: request) else { return nil }
        if count > 1 { span.set(.publish, queue, count: count) }
        return span
    }

    /// The span of a message that is about several jobs: it begins a trace of its own, linked to those of the jobs that are recorded. Without any,
    /// there is none.
    public static func batch(of jobs: [ClaimedJob], from queue: String) -> TraceSpan? {
        guard Traces.areOn else { return nil }
        let links = jobs.compactMap { context(of: $0.request) }.filter(\.isSampled)
        guard !links.isEmpty else { return nil }
        let span = TraceSpan.begin("process \(queue)", .consumer, below: nil, as: Traces.root(), links: links)
        span?.set(.process, queue, count: jobs.count)
        return span
    }
}
