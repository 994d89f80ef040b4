import ExportCore
import JobMessages
import JobStore
import Lifecycle
import RabbitMQ
import TraceContext

/// The spans of job messages that were received together, each in the trace of its job: from their arrival until their jobs are stored and they
/// are acknowledged.
struct AdmissionSpans {
    private let begun: UInt64

    /// - Returns: `nil` while traces are off.
    init?() {
        guard Traces.areOn else { return nil }
        begun = Traces.now
    }

    /// The job is stored, or was known. The admission of a job without a submitter's trace is the first span of its trace.
    func ended(_ request: JobRequest, _ delivery: Delivery, _ outcome: AdmissionOutcome) {
        guard let job = JobTrace.context(of: request), let span = begin(request, delivery, job, outcome) else { return }
        span.set(request)
        span.set(
            .process, delivery.queue, id: delivery.properties.messageID, correlationID: request.correlationID)
        span.set([:], numbers: ["messaging.message.body.size": Int(clamping: delivery.bodySize)])
        if case .conflict = outcome { span.fail("conflict", "another job has this id") }
        span.end()
    }

    /// The message becomes a dead letter. Only its sender's trace can tell.
    func refused(_ delivery: Delivery, _ error: JobMessageError) {
        guard let sender = delivery.properties.headers["traceparent"]?.text.flatMap({ TraceContext(traceparent: $0) }),
            let span = TraceSpan.begin("process \(delivery.queue)", .consumer, below: Traces.decided(sender), at: begun)
        else { return }
        span.set(.process, delivery.queue, id: delivery.properties.messageID)
        span.fail(error.code, error.message)
        span.end()
    }

    private func begin(
        _ request: JobRequest, _ delivery: Delivery, _ job: TraceContext, _ outcome: AdmissionOutcome
    ) -> TraceSpan? {
        let name = "process \(delivery.queue)"
        guard !job.isRemote, case .admitted = outcome else { return TraceSpan.begin(name, .consumer, below: job, at: begun) }
        return TraceSpan.begin(name, .consumer, below: nil, as: job, at: begun)
    }
}
