import Synchronization
public import Tracing

/// How this process takes part in traces. While traces are off, which is the default, each question costs one load of a flag.
///
/// The spans themselves are those of swift-distributed-tracing: `InstrumentationSystem.tracer` starts them.
public enum Traces {
    private static let isOn = Atomic<Bool>(false)
    private static let chosen = Mutex(Sampler.parentBasedAlwaysOn)

    /// Whether spans are recorded. Ask this before anything is computed for one.
    public static var areOn: Bool { isOn.load(ordering: .relaxed) }

    /// Turns traces on for the rest of the process.
    public static func turnOn(_ sampler: Sampler) {
        chosen.withLock { $0 = sampler }
        isOn.store(true, ordering: .releasing)
    }

    static var sampler: Sampler { chosen.withLock { $0 } }

    /// The context of the current span, or that of the submitter in whose unrecorded trace the work is done.
    public static var current: TraceContext? { areOn ? ServiceContext.current?.trace : nil }

    /// The context of the current span, if it is recorded.
    public static var sampled: TraceContext? { current.flatMap { $0.isSampled ? $0 : nil } }

    /// Nanoseconds since 1970, as spans count.
    public static var now: UInt64 { DefaultTracerClock.now.nanosecondsSinceEpoch }

    /// The context that is derived from a name, with the sampler's decision.
    public static func derived(from name: String) -> TraceContext {
        let context = TraceContext(derivedFrom: name, flags: 0)
        return context.sampled(sampler.samples(context.traceID, below: nil))
    }

    /// Runs `body` with a current context; without one as it is.
    public static func within<Value>(
        _ context: TraceContext?, isolation: isolated (any Actor)? = #isolation, _ body: () async throws -> Value
    ) async rethrows -> Value {
        guard let context else { return try await body() }
        var current = ServiceContext.current ?? .topLevel
        current.trace = context
        return try await ServiceContext.$current.withValue(current, operation: body)
    }

    /// The same for what does not wait.
    public static func within<Value>(_ context: TraceContext?, _ body: () throws -> Value) rethrows -> Value {
        guard let context else { return try body() }
        var current = ServiceContext.current ?? .topLevel
        current.trace = context
        return try ServiceContext.$current.withValue(current, operation: body)
    }
}

extension ServiceContext {
    private enum TraceKey: ServiceContextKey { typealias Value = TraceContext }
    private enum IdentityKey: ServiceContextKey { typealias Value = TraceContext }

    /// The context of the current span.
    public var trace: TraceContext? {
        get { self[TraceKey.self] }
        set { self[TraceKey.self] = newValue }
    }

    /// What the span that starts next is called, if that is decided before: ids and sampling.
    public var identity: TraceContext? {
        get { self[IdentityKey.self] }
        set { self[IdentityKey.self] = newValue }
    }
}
