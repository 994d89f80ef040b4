import Instruments
import Logging
import Metrics
import Testing

@testable import Telemetry

@Suite("The format of metrics") struct ExpositionFormatTests {
    @Test(
        "is OpenMetrics for those who ask for its version and prefer no other, and text for all others",
        arguments: [
            (nil, .text), ("", .text), ("*/*", .text), ("text/plain", .text), ("text/html, */*;q=0.1", .text),
            ("application/openmetrics-text; version=1.0.0", .openMetrics), ("Application/OpenMetrics-Text;Version=\"1.0.0\"", .openMetrics),
            ("application/openmetrics-text", .openMetrics), ("application/openmetrics-text;version=0.0.1", .text),
            ("application/openmetrics-text;version=1.0.0;q=0", .text),
            ("application/openmetrics-text;version=1.0.0;q=0.3,text/plain;version=0.0.4;q=0.5", .text),
            ("text/plain;q=0.5,application/openmetrics-text;q=0.5", .openMetrics),
            (
                "application/openmetrics-text;version=1.0.0;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,"
                    + "text/plain;version=0.0.4;q=0.3,*/*;q=0.2", .openMetrics
            ),
        ] as [(String?, ExpositionFormat)])
    func negotiation(accept: String?, format: ExpositionFormat) { #expect(ExpositionFormat(accept: accept) == format) }

    @Test("OpenMetrics equals this text") func golden() async {
        let registry = PrometheusRegistry(logger: Logger(label: "silent") { _ in SwiftLogNoOpLogHandler() })
        registry.state.withLock { $0.collectors.removeAll() }
        registry.describe([
            CounterInstrument("jobs_total", "queue", help: "Jobs \"taken\" in.").instrument,
            TimerInstrument("lateness", help: "From due to claimed.", bounds: [0.25, 1]).instrument,
        ])
        Counter(label: "jobs_total", dimensions: [("queue", "high")], factory: registry).increment(by: 3)
        Counter(label: "odd", factory: registry).increment()
        Metrics.Timer(label: "lateness", factory: registry).recordMilliseconds(500)
        Gauge(label: "held_bytes", factory: registry).record(7)
        #expect(
            await registry.exposition(in: .openMetrics) == #"""
                # TYPE held_bytes gauge
                # UNIT held_bytes bytes
                held_bytes 7
                # HELP jobs Jobs \"taken\" in.
                # TYPE jobs counter
                jobs_total{queue="high"} 3
                # HELP lateness_seconds From due to claimed.
                # TYPE lateness_seconds histogram
                # UNIT lateness_seconds seconds
                lateness_seconds_bucket{le="0.25"} 0
                lateness_seconds_bucket{le="1.0"} 1
                lateness_seconds_bucket{le="+Inf"} 1
                lateness_seconds_sum 0.5
                lateness_seconds_count 1
                # TYPE odd unknown
                odd 1
                # EOF

                """#)
    }
}
