import ExportCore
import JobStore
public import TraceContext

/// Spans of a job's trace. There is one trace for each job: its submitter's, if the job message came with a trace context, and otherwise one
/// whose ids are derived from the job's id, so that every process knows them.
///
/// The work of a job is done by many processes at many times. Its steps are children of the job's context, which has ended long ago; what
/// caused them at that moment, such as a message, is a link.
public enum JobTrace {
    /// The job's place in traces: where its submitter was, or the span of its admission.
    /// - Returns: `nil` while traces are off, and for a trace of our own that is not recorded: it is not propagated either.
    public static func context(of request: JobRequest) -> TraceContext? {
        guard Traces.areOn else { return nil }
        if let submitter = request.traceparent.flatMap({ TraceContext(traceparent: $0) }) { return Traces.decided(submitter) }
        let own = Traces.derived(from: request.id.text)
        return own.isSampled ? own : nil
    }

    /// Where a step begins: the current span, if it is one of the job's trace, or else the job's context.
    public static func parent(of request: JobRequest) -> TraceContext? {
        guard let job = context(of: request) else { return nil }
        guard let current = Traces.current, current.traceID == job.traceID else { return job }
        return current
    }

    /// Runs a step of a job in a span of its own.
    /// - Parameters:
    ///   - name: the step and the provider.
    ///   - cause: the span that led to this step, if it is not the one above.
    public static func run<Value>(
        _ name: @autoclosure () -> String, of request: JobRequest, because cause: TraceContext? = nil,
        isolation: isolated (any Actor)? = #isolation, _ body: (TraceSpan?) async throws -> Value
    ) async rethrows -> Value {
        guard let parent = parent(of: request) else { return try await body(nil) }
        guard let span = TraceSpan.begin(name(), below: parent, links: links(to: cause, below: parent)) else {
            return try await Traces.within(parent) { try await body(nil) }
        }
        span.set(request)
        return try await span.run(body)
    }

    /// The span of a step that is not done by one task.
    public static func begin(
        _ name: @autoclosure () -> String, _ kind: MessageKind? = nil, of request: JobRequest, because cause: TraceContext? = nil,
        at start: UInt64? = nil
    ) -> TraceSpan? {
        guard let parent = parent(of: request),
            let span = TraceSpan.begin(name(), kind?.span ?? .internal, below: parent, links: links(to: cause, below: parent), at: start)
        else { return nil }
        span.set(request)
        return span
    }

    static func links(to cause: TraceContext?, below parent: TraceContext) -> [TraceContext] {
        guard let cause, cause.spanID != parent.spanID else { return [] }
        return [cause]
    }
}

extension TraceSpan {
    /// Attributes of every span of a job.
    public func set(_ request: JobRequest) {
        set(["longhaul.job.id": request.id.text, "longhaul.tenant": request.tenant])
        // A download message lacks the provider.
        if !request.provider.isEmpty { set(["longhaul.provider": request.provider]) }
    }
}
