import TraceContext
import Tracing

/// What is known of a span. Every part is bounded: what is beyond a bound is counted, as OTLP has fields for.
struct SpanRecord: Sendable {
    var name: String
    let kind: SpanKind
    let context: TraceContext
    let parent: TraceContext?
    /// Nanoseconds since 1970.
    let start: UInt64
    var end: UInt64 = 0
    var status: SpanStatus?
    private(set) var events: [SpanEvent] = []
    private(set) var links: [TraceContext] = []
    private(set) var droppedAttributes = 0, droppedEvents = 0, droppedLinks = 0
    private var kept = SpanAttributes([:])

    /// The limits that OpenTelemetry has for attributes, events and links of a span ("SDK configuration", "Span limits").
    static let limit = 128
    /// The longest text, in bytes of UTF-8.
    static let textLimit = 4096

    init(name: String, kind: SpanKind, context: TraceContext, parent: TraceContext?, start: UInt64) {
        (self.name, self.kind, self.context, self.parent, self.start) = (name, kind, context, parent, start)
    }

    var attributes: SpanAttributes {
        get { kept }
        set {
            guard newValue.count > Self.limit else { return kept = newValue }
            var bounded = SpanAttributes([:])
            newValue.forEach { key, value in if bounded.count < Self.limit { bounded[key] = value } }
            droppedAttributes += newValue.count - bounded.count
            kept = bounded
        }
    }

    mutating func add(_ event: SpanEvent) {
        if events.count < Self.limit { events.append(event) } else { droppedEvents += 1 }
    }

    mutating func add(link: TraceContext) {
        if links.count < Self.limit { links.append(link) } else { droppedLinks += 1 }
    }
}
