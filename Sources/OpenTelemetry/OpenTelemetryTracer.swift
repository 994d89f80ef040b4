import TraceContext
public import Tracing

/// Starts spans and puts the ended ones into a queue, from which `TraceExporter` sends them. Propagates W3C Trace Context; `tracestate` is not
/// kept.
public struct OpenTelemetryTracer: Tracer {
    private let sampler: Sampler
    private let queue: SpanQueue

    public init(_ sampler: Sampler, queue: SpanQueue) { (self.sampler, self.queue) = (sampler, queue) }

    /// - Parameter context: its `identity`, if it has one, are the ids of the span; otherwise they are new, and the sampler decides.
    public func startSpan<Instant: TracerInstant>(
        _ operationName: String, context: @autoclosure () -> ServiceContext, ofKind kind: SpanKind, at instant: @autoclosure () -> Instant,
        function: String, file fileID: String, line: UInt
    ) -> OpenTelemetrySpan {
        var context = context()
        let parent = context.trace
        let own = context.identity ?? identity(below: parent)
        (context.trace, context.identity) = (own, nil)
        let record = SpanRecord(
            name: operationName, kind: kind, context: own, parent: parent, start: instant().nanosecondsSinceEpoch)
        return OpenTelemetrySpan(record, context: context, queue: queue)
    }

    private func identity(below parent: TraceContext?) -> TraceContext {
        let id = parent?.traceID ?? .random()
        return TraceContext(traceID: id, spanID: .random(), flags: parent?.flags ?? 0).sampled(sampler.samples(id, below: parent))
    }

    public func extract<Carrier, Extract: Extractor>(
        _ carrier: Carrier, into context: inout ServiceContext, using extractor: Extract
    ) where Extract.Carrier == Carrier {
        guard let text = extractor.extract(key: Self.header, from: carrier), let trace = TraceContext(traceparent: text) else { return }
        context.trace = trace
    }

    public func inject<Carrier, Inject: Injector>(
        _ context: ServiceContext, into carrier: inout Carrier, using injector: Inject
    ) where Inject.Carrier == Carrier {
        guard let trace = context.trace else { return }
        injector.inject(trace.traceparent, forKey: Self.header, into: &carrier)
    }

    static let header = "traceparent"

    @available(*, deprecated)
    public func forceFlush() {}
}
