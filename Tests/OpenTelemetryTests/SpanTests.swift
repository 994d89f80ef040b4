import Testing
import TraceContext
import Tracing

@testable import OpenTelemetry

@Suite("A span") struct SpanTests {
    private struct Boom: Error {}

    private struct Headers: Extractor, Injector {
        func extract(key: String, from carrier: [String: String]) -> String? { carrier[key] }
        func inject(_ value: String, forKey key: String, into carrier: inout [String: String]) { carrier[key] = value }
    }

    private let queue = SpanQueue(limit: 1000, batch: 1000)
    private var tracer: OpenTelemetryTracer { OpenTelemetryTracer(.parentBasedAlwaysOn, queue: queue) }

    @Test("stands below the current one, in its trace") func nesting() throws {
        tracer.withSpan("outer") { _ in tracer.withSpan("inner", ofKind: .client) { $0.attributes["n"] = 1 } }
        let spans = queue.next()
        try #require(spans.map(\.name) == ["inner", "outer"])
        #expect(spans[0].parent == spans[1].context)
        #expect(spans[1].parent == nil)
        #expect(spans[0].context.traceID == spans[1].context.traceID)
        #expect(spans[0].attributes.get("n") == .int64(1))
        #expect(spans.allSatisfy { $0.end >= $0.start })
    }

    @Test("continues the trace of a header, and is continued by one") func propagation() throws {
        var context = ServiceContext.topLevel, headers: [String: String] = [:]
        tracer.extract(["traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"], into: &context, using: Headers())
        let span = tracer.startSpan("x", context: context)
        tracer.inject(span.context, into: &headers, using: Headers())
        span.end()
        let record = try #require(queue.next().first)
        #expect(record.parent?.spanID.description == "00f067aa0ba902b7")
        #expect(record.parent?.isRemote == true)
        #expect(headers["traceparent"] == record.context.traceparent)
        #expect(headers["traceparent"]?.hasPrefix("00-4bf92f3577b34da6a3ce929d0e0e4736-") == true)
    }

    @Test("of a trace that is not sampled keeps nothing, and tells so in the header") func unsampled() throws {
        var context = ServiceContext.topLevel, headers: [String: String] = [:]
        context.trace = TraceContext(traceparent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00")
        let span = tracer.startSpan("x", context: context)
        span.attributes["a"] = "b"
        tracer.inject(span.context, into: &headers, using: Headers())
        span.end()
        #expect(!span.isRecording && queue.next().isEmpty)
        #expect(headers["traceparent"]?.hasSuffix("-00") == true)
    }

    @Test("ends once, and does not change afterwards") func ended() throws {
        let span = tracer.startSpan("x")
        span.end()
        span.attributes["late"] = true
        span.operationName = "y"
        span.end()
        let spans = queue.next()
        #expect(spans.map(\.name) == ["x"] && spans.first?.attributes.isEmpty == true)
    }

    @Test("tells an error by its type alone") func errors() throws {
        #expect(throws: Boom.self) { try tracer.withSpan("x") { _ in throw Boom() } }
        let span = try #require(queue.next().first)
        #expect(span.status?.code == .error && span.status?.message == nil)
        #expect(span.events.map(\.name) == ["exception"])
        #expect(span.events.first?.attributes.get("exception.type")?.text.hasSuffix("Boom") == true)
    }

    @Test("is bounded: what is beyond a bound is counted") func bounds() throws {
        let span = tracer.startSpan("x")
        for number in 0..<200 {
            span.attributes["key-\(number)"] = number
            span.addEvent(SpanEvent(name: "event"))
            span.addLink(SpanLink(context: span.context, attributes: [:]))
        }
        span.end()
        let record = try #require(queue.next().first)
        #expect((record.attributes.count, record.events.count, record.links.count) == (128, 128, 128))
        #expect((record.droppedAttributes, record.droppedEvents, record.droppedLinks) == (72, 72, 72))
        #expect(OTLPValue.bounded(String(repeating: "é", count: 5000)).utf8.count == 4096)
        #expect(OTLPValue.bounded("x" + String(repeating: "é", count: 5000)).utf8.count == 4095)
    }
}

extension SpanAttribute {
    fileprivate var text: String { if case .string(let text) = self { text } else { "" } }
}
