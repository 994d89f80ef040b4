import Tracing

/// A span that is recorded. Where none is, there is no `TraceSpan`, and nothing was made for it.
///
/// A class, because it travels with the thousands of checks that mostly have none.
public final class TraceSpan: Sendable {
    private let span: any Span
    /// Its own.
    public let context: TraceContext

    private init(_ span: any Span, _ context: TraceContext) { (self.span, self.context) = (span, context) }

    /// Starts a span, if traces are on and its trace is sampled.
    /// - Parameters:
    ///   - name: of few different values; computed only for a span that is recorded.
    ///   - parent: the span above; `nil`: it begins a trace.
    ///   - identity: its own ids and sampling, where these are decided already.
    ///   - links: spans that it has to do with, in its own trace or others.
    ///   - start: nanoseconds since 1970; `nil`: now.
    public static func begin(
        _ name: @autoclosure () -> String, _ kind: SpanRole = .internal, below parent: TraceContext?, as identity: TraceContext? = nil,
        links: @autoclosure () -> [TraceContext] = [], at start: UInt64? = nil
    ) -> TraceSpan? {
        guard Traces.areOn else { return nil }
        let identity = identity ?? Traces.identity(below: parent)
        guard identity.isSampled else { return nil }
        var context = ServiceContext.topLevel
        (context.trace, context.identity) = (parent, identity)
        let instant = DefaultTracerClock.Timestamp(nanosecondsSinceEpoch: start ?? Traces.now)
        let span = InstrumentationSystem.tracer.startSpan(name(), context: context, ofKind: kind.kind, at: instant)
        let begun = TraceSpan(span, identity)
        for link in links() { begun.link(to: link) }
        return begun
    }

    /// Runs `body` in a span below the current one, if that is recorded.
    public static func run<Value>(
        _ name: @autoclosure () -> String, isolation: isolated (any Actor)? = #isolation, _ body: (TraceSpan?) async throws -> Value
    ) async rethrows -> Value {
        guard let parent = Traces.sampled, let span = begin(name(), below: parent) else { return try await body(nil) }
        return try await span.run(body)
    }

    /// Runs `body` with this span as the current one, and ends the span.
    public func run<Value>(
        isolation: isolated (any Actor)? = #isolation, _ body: (TraceSpan?) async throws -> Value
    ) async rethrows -> Value {
        defer { end() }
        do {
            return try await Traces.within(context) { try await body(self) }
        } catch {
            fail(String(describing: type(of: error)))
            throw error
        }
    }

    public func set(_ texts: KeyValuePairs<String, String>, numbers: KeyValuePairs<String, Int> = [:]) {
        span.updateAttributes { attributes in
            for (key, text) in texts { attributes[key] = text }
            for (key, number) in numbers { attributes[key] = number }
        }
    }

    public func link(to context: TraceContext) {
        var linked = ServiceContext.topLevel
        linked.trace = context
        span.addLink(SpanLink(context: linked, attributes: [:]))
    }

    /// The span ends with an error.
    /// - Parameters:
    ///   - type: a word of few different values: the attribute `error.type`. The first one stays.
    ///   - message: without secrets.
    public func fail(_ type: String, _ message: String? = nil) {
        guard span.attributes.get("error.type") == nil else { return }
        span.attributes["error.type"] = type
        span.setStatus(SpanStatus(code: .error, message: message))
    }

    /// Later calls have no effect.
    public func end() { span.end() }
}

/// How a span stands to others: `SpanKind` of OpenTelemetry.
public enum SpanRole: Sendable {
    case client, producer, consumer, `internal`

    fileprivate var kind: SpanKind {
        switch self {
        case .client: .client
        case .producer: .producer
        case .consumer: .consumer
        case .internal: .internal
        }
    }
}

extension Traces {
    /// Another process's context, with the decision of this one's sampler.
    public static func decided(_ remote: TraceContext) -> TraceContext {
        remote.sampled(sampler.samples(remote.traceID, below: remote))
    }

    static func identity(below parent: TraceContext?) -> TraceContext {
        let id = parent?.traceID ?? .random()
        // Trace ids of other processes keep their flag of randomness.
        return TraceContext(traceID: id, spanID: .random(), flags: parent?.flags ?? 2).sampled(sampler.samples(id, below: parent))
    }

    /// The identity of a span that begins a trace and is recorded in any case.
    public static func root() -> TraceContext { TraceContext(traceID: .random(), spanID: .random(), flags: 3) }
}
