import Synchronization
import TraceContext
public import Tracing

/// A span of `OpenTelemetryTracer`. One that is not sampled has ids, keeps nothing, and is not exported.
public final class OpenTelemetrySpan: Span {
    public let context: ServiceContext
    /// `nil` once it has ended, and of one that is not sampled.
    private let record: Mutex<SpanRecord?>
    private let queue: SpanQueue

    init(_ record: SpanRecord, context: ServiceContext, queue: SpanQueue) {
        self.context = context
        self.queue = queue
        self.record = Mutex(record.context.isSampled ? record : nil)
    }

    public var isRecording: Bool { record.withLock { $0 != nil } }

    public var operationName: String {
        get { record.withLock { $0?.name ?? "" } }
        set { record.withLock { $0?.name = newValue } }
    }

    public var attributes: SpanAttributes {
        get { record.withLock { $0?.attributes ?? [:] } }
        set { record.withLock { $0?.attributes = newValue } }
    }

    public func setStatus(_ status: SpanStatus) { record.withLock { $0?.status = status } }

    public func addEvent(_ event: SpanEvent) { record.withLock { $0?.add(event) } }

    /// Only the type of the error is kept. What its description says may be long, or not meant for others.
    public func recordError<Instant: TracerInstant>(
        _ error: any Error, attributes: SpanAttributes, at instant: @autoclosure () -> Instant
    ) {
        guard isRecording else { return }
        var attributes = attributes
        attributes["exception.type"] = String(reflecting: type(of: error))
        addEvent(SpanEvent(name: "exception", at: instant(), attributes: attributes))
    }

    public func addLink(_ link: SpanLink) {
        guard let linked = link.context.trace else { return }
        record.withLock { $0?.add(link: linked) }
    }

    /// Hands the span over to be exported. Never waits; later calls have no effect.
    public func end<Instant: TracerInstant>(at instant: @autoclosure () -> Instant) {
        let ended = record.withLock { record in
            defer { record = nil }
            return record
        }
        guard var ended else { return }
        // The clock may have been set back.
        ended.end = max(instant().nanosecondsSinceEpoch, ended.start)
        queue.add(ended)
    }
}
