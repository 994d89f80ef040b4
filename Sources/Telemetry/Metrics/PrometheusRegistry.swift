public import CoreMetrics
public import Logging
import Synchronization

/// The process's metrics for Prometheus: a swift-metrics backend whose values ``HealthServer`` serves as text.
///
/// Counters become counters, gauges and meters become gauges, timers and recorders become histograms. Timers are exported in
/// seconds, with names that end in `_seconds`. Counting and setting a gauge are atomic operations; recording a time takes a short
/// lock.
///
/// | metric | kind | labels | what |
/// |---|---|---|---|
/// | `telemetry_collector_failures_total` | counter | `collector` | scrapes in which a collector failed or was late |
///
/// ```swift
/// let registry = PrometheusRegistry()
/// registry.describe("longhaul_timer_lateness_seconds", help: "From due to claimed.", buckets: [0.01, 0.05, 0.25, 1])
/// MetricsSystem.bootstrap(registry)
/// registry.collect("store") { [MetricSample("longhaul_jobs", labels: [("status", "POLLING")], value: 12)] }
/// ```
public final class PrometheusRegistry: MetricsFactory {
    let state = Mutex(State())
    let maximumSeries: Int
    let collectorDeadline: Duration
    /// Created on demand: the registry may exist before the log format is known.
    let makeLogger: @Sendable () -> Logger

    struct State {
        var descriptions: [String: Description] = [:]
        var families: [String: MetricFamily] = [:]
        var collectors: [Collector] = []
        var complaints: Set<String> = []
        var failureLimit = RepetitionLimit(interval: .seconds(60), maximumKeys: 64)
    }

    struct Description {
        var help: String
        var buckets: HistogramBuckets?
    }

    /// - Parameters:
    ///   - maximumSeries: the maximum number of series per name; further ones share a series whose labels are all `overflow`, so
    ///     that labels derived from data cannot exhaust memory.
    ///   - collectorDeadline: the time limit of each collector at a scrape.
    ///   - logger: reports misuse (one name for two types, too many series) and failed collectors.
    public init(
        maximumSeries: Int = 1000, collectorDeadline: Duration = .seconds(2),
        logger: @autoclosure @escaping @Sendable () -> Logger = Logger(label: "longhaul.metrics")
    ) {
        self.maximumSeries = maximumSeries
        self.collectorDeadline = collectorDeadline
        self.makeLogger = logger
        collect("process") { ProcessMetrics.samples() }
        for (name, help) in ProcessMetrics.help { describe(name, help: help) }
        describe("telemetry_collector_failures_total", help: "Scrapes in which a collector failed or was late.")
    }

    /// Sets a metric's help text and, for timers and recorders, its buckets. Call it before the metric is created: an existing
    /// metric keeps its buckets.
    /// - Parameters:
    ///   - name: as passed when the metric is created, or as exported.
    ///   - buckets: in seconds for timers; `nil` uses ``HistogramBuckets/seconds``, or ``HistogramBuckets/magnitudes`` for
    ///     recorders.
    public func describe(_ name: String, help: String, buckets: HistogramBuckets? = nil) {
        state.withLock { $0.descriptions[MetricName.metric(name)] = Description(help: help, buckets: buckets) }
    }
}
