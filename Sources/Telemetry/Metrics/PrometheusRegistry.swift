public import CoreMetrics
public import Logging
import Synchronization

/// The metrics of the process, for Prometheus: a backend of swift-metrics whose values ``HealthServer`` serves as text.
///
/// Counters become counters, gauges and meters gauges, timers and recorders histograms. A timer is exported in seconds, and its
/// name ends in `_seconds`. To count or to set a gauge is an atomic operation, to record a time a short lock.
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
    /// Made when it is needed: the registry may exist before the format of the logs is known.
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
    ///   - maximumSeries: series of one name; what comes beyond shares a series whose labels all say `overflow`, so that a label
    ///     made from data cannot fill the memory.
    ///   - collectorDeadline: for each collector at a scrape.
    ///   - logger: for misuse (a name of two kinds, too many series) and collectors that fail.
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

    /// Says what a metric means, and for timers and recorders which buckets it has. Call it before the metric is made: one that
    /// exists keeps its buckets.
    /// - Parameters:
    ///   - name: as in the call that makes the metric, or as it is exported.
    ///   - buckets: in seconds for timers; `nil`: ``HistogramBuckets/seconds``, for recorders ``HistogramBuckets/magnitudes``.
    public func describe(_ name: String, help: String, buckets: HistogramBuckets? = nil) {
        state.withLock { $0.descriptions[MetricName.metric(name)] = Description(help: help, buckets: buckets) }
    }
}
