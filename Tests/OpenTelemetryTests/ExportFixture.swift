import CoreMetrics
import EventThread
import HTTPClient
import Logging
import MetricsTestKit
import TestServers
import TraceContext
import Tracing

@testable import OpenTelemetry

/// A tracer, its queue and its exporter, which sends to a server of the test.
struct ExportFixture: Sendable {
    let queue: SpanQueue
    let tracer: OpenTelemetryTracer
    let exporter: TraceExporter
    let metrics: TestMetrics

    /// - Parameter change: what differs from quick standards.
    static func run(
        _ url: String, limit: Int = 100, batch: Int = 10, _ change: (inout TraceExportConfiguration) -> Void = { _ in },
        _ body: (ExportFixture) async throws -> Void
    ) async throws {
        var configuration = TraceExportConfiguration(url: url)
        (configuration.delay, configuration.requestTimeout) = (.milliseconds(20), .seconds(5))
        change(&configuration)
        let thread = EventThread(name: "traces-test"), metrics = TestMetrics()
        let http = HTTPClient(HTTPClientConfiguration(egress: .all), on: thread, logger: Logger(label: "test"))
        try await withMetricsFactory(metrics) {
            let queue = SpanQueue(limit: limit, batch: batch)
            let fixture = ExportFixture(
                queue: queue, tracer: OpenTelemetryTracer(.alwaysOn, queue: queue),
                exporter: TraceExporter(
                    configuration, queue: queue, http: http, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }),
                metrics: metrics)
            try await body(fixture)
        }
        await http.shutdown(within: .zero)
        thread.stop()
    }

    /// Ends so many spans.
    func end(_ count: Int) { for number in 0..<count { tracer.startSpan("span \(number)").end() } }

    func total(_ outcome: String) -> Int64 {
        (try? metrics.expectCounter("longhaul_spans_total", [("outcome", outcome)]).totalValue) ?? 0
    }

    func failures(_ reason: String) -> Int64 {
        (try? metrics.expectCounter("longhaul_span_exports_failed_total", [("reason", reason)]).totalValue) ?? 0
    }

    /// Runs the exporter during `body`, and closes it.
    func exporting(_ body: () async throws -> Void) async rethrows {
        let running = Task { await exporter.run() }
        defer { exporter.close() }
        try await body()
        exporter.close()
        await running.value
    }
}
