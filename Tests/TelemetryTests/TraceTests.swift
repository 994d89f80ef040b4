import Logging
import Metrics
import Testing
import TraceContext

@testable import Telemetry

/// Spans follow their parent, and no trace begins: the flag is one for the whole process, and other tests run beside.
private func turnOnTraces() throws { Traces.turnOn(try #require(Sampler("parentbased_always_off"))) }

@Suite("Within a recorded span") struct TraceTests {
    private static let span = TraceContext(derivedFrom: "job", flags: 1)

    @Test("a log line has trace_id and span_id; otherwise it has neither") func logs() throws {
        try turnOnTraces()
        let captured = CapturedLog()
        let logger = Logger(label: "test") { label in
            LogFormat.json.handler(label: label, level: .info, metadata: [:], provider: LogFormat.currentSpan, output: captured.output)
        }
        let lines = try captured.lines {
            Traces.within(Self.span) { logger.info("in") }
            Traces.within(Self.span.sampled(false)) { logger.info("unsampled") }
            logger.info("out")
        }.map(parse)
        #expect(lines.map { $0["trace_id"] as? String } == ["\(Self.span.traceID)", nil, nil])
        #expect(lines.map { $0["span_id"] as? String } == ["\(Self.span.spanID)", nil, nil])
    }

    @Test("a histogram's bucket keeps its last value with the trace, which OpenMetrics shows and the older format does not")
    func exemplars() async throws {
        try turnOnTraces()
        let registry = PrometheusRegistry(logger: Logger(label: "silent") { _ in SwiftLogNoOpLogHandler() })
        registry.state.withLock { $0.collectors.removeAll() }
        let recorder = Recorder(label: "sizes", factory: registry)
        Traces.within(Self.span) {
            recorder.record(2)
            recorder.record(3)
        }
        recorder.record(100)
        let openMetrics = await registry.exposition(in: .openMetrics)
        let line = try #require(openMetrics.split(separator: "\n").first { $0.contains("le=\"4.0\"") })
        #expect(
            line.wholeMatch(of: /sizes_bucket\{le="4\.0"\} 2 # \{trace_id="([0-9a-f]{32})"\} 3 \d{10}\.\d{3}/)?.1
                == "\(Self.span.traceID)"[...])
        #expect(openMetrics.split(separator: "\n").count { $0.contains("# {") } == 1)
        #expect(await !registry.exposition(in: .text).contains("trace_id"))
    }
}
