import ExportCore
import Foundation
import JobMessages
import Lifecycle
import TraceContext

/// The span of publishing a job message: the first of its job's trace, or one of the trace that the caller's environment names.
enum SubmissionSpan {
    static func begin(_ request: JobRequest) -> TraceSpan? {
        guard Traces.areOn else { return nil }
        let queue = QueueNames.jobs(request.priority)
        guard let span = span("publish \(queue)", request) else { return nil }
        span.set(request)
        span.set(.publish, queue, id: request.id.text, correlationID: request.correlationID)
        return span
    }

    /// A trace of our own has the id that the job would give it without a message's context, so that it can be found by the job's id.
    private static func span(_ name: String, _ request: JobRequest) -> TraceSpan? {
        if let caller { return TraceSpan.begin(name, .producer, below: caller) }
        let own = Traces.derived(from: request.id.text)
        let first = TraceContext(traceID: own.traceID, spanID: .random(), flags: own.flags)
        return TraceSpan.begin(name, .producer, below: nil, as: first)
    }

    /// OpenTelemetry, "Environment variables as context propagation carriers".
    private static var caller: TraceContext? {
        ProcessInfo.processInfo.environment["TRACEPARENT"].flatMap { TraceContext(traceparent: $0) }.map { Traces.decided($0) }
    }
}
