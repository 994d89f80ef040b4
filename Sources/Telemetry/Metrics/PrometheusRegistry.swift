public import CoreMetrics
public import Instruments
public import Logging
import Synchronization

/// The process's metrics for Prometheus: a swift-metrics backend whose values ``HealthServer`` serves as text.
///
/// Counters become counters, gauges and meters become gauges, timers and recorders become histograms. Timers are exported in
/// seconds, with names that end in `_seconds`. Counting and setting a gauge are atomic operations; recording a time takes a short
/// lock.
///
/// ```swift
/// let lateness = TimerInstrument("longhaul_timer_lateness_seconds", help: "From due to claimed.", bounds: [0.01, 0.05, 0.25, 1])
/// let jobs = GaugeInstrument("longhaul_jobs", "status", help: "Jobs by status.")
/// let registry = PrometheusRegistry()
/// registry.describe([lateness.instrument, jobs.instrument])
/// MetricsSystem.bootstrap(registry)
/// registry.collect("store") { [jobs.sample("POLLING", value: 12)] }
/// ```
public final class PrometheusRegistry: MetricsFactory {
    static let collectorFailures = CounterInstrument(
        "telemetry_collector_failures_total", "collector", help: "Scrapes in which a collector failed or was late.")

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
        maximumSeries: Int = 5000, collectorDeadline: Duration = .seconds(2),
        logger: @autoclosure @escaping @Sendable () -> Logger = Logger(label: "longhaul.metrics")
    ) {
        self.maximumSeries = maximumSeries
        self.collectorDeadline = collectorDeadline
        self.makeLogger = logger
        collect("process") { ProcessMetrics.samples() }
        describe(ProcessMetrics.self)
        describe(Self.self)
    }

    /// Sets the help texts of metrics and the buckets of histograms. Call it before a metric is created: an existing one keeps its buckets.
    public func describe(_ instruments: [Instrument]) {
        state.withLock { state in
            for instrument in instruments {
                state.descriptions[instrument.name] = Description(
                    help: instrument.help, buckets: instrument.bounds.map(HistogramBuckets.init))
            }
        }
    }

    public func describe(_ instrumented: any Instrumented.Type) { describe(instrumented.instruments) }
}

extension PrometheusRegistry: Instrumented {
    public static var instruments: [Instrument] { [collectorFailures.instrument] + ProcessMetrics.instruments }
}
