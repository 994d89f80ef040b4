import Glibc
import Instruments
import Logging
import Metrics
import Testing

@testable import Telemetry

@Suite("Prometheus registry")
struct PrometheusRegistryTests {
    /// A registry without the process's own metrics, whose values vary.
    private func registry(maximumSeries: Int = 1000) -> PrometheusRegistry {
        let registry = PrometheusRegistry(
            maximumSeries: maximumSeries, collectorDeadline: .milliseconds(200),
            logger: Logger(label: "silent") { _ in SwiftLogNoOpLogHandler() })
        registry.state.withLock { $0.collectors.removeAll() }
        return registry
    }

    @Test("the exposition equals this text")
    func golden() async {
        let registry = registry()
        let jobs = GaugeInstrument("jobs", "status", help: "Jobs by status.")
        registry.describe([
            CounterInstrument("jobs_total", help: "Jobs taken in.\nBackslash \\ and \"quotes\".").instrument,
            TimerInstrument("lateness", help: "From due to claimed.", bounds: [0.25, 0.05, 1]).instrument,
            HistogramInstrument("batch", help: "Timers a claim.", bounds: [1, 10]).instrument, jobs.instrument,
        ])
        let high = Counter(label: "jobs_total", dimensions: [("queue", "high"), ("a", "1")], factory: registry)
        high.increment(by: 3)
        Counter(label: "jobs_total", dimensions: [("queue", "low\"\\\n"), ("a", "2")], factory: registry).increment()
        FloatingPointCounter(label: "bytes.gone", factory: registry).increment(by: 0.5)
        let lateness = Metrics.Timer(label: "lateness", dimensions: [("le", "x")], factory: registry)
        lateness.recordMilliseconds(50)
        lateness.recordMilliseconds(51)
        lateness.recordSeconds(7)
        let batch = Recorder(label: "batch", factory: registry)
        batch.record(1)
        batch.record(11)
        Gauge(label: "in_flight", factory: registry).record(-2.5)
        let meter = Meter(label: "9level", factory: registry)
        meter.set(10)
        meter.decrement(by: 4)
        registry.collect("store") {
            [jobs.sample("POLLING", value: 12), jobs.sample("FAILED", value: .infinity)]
        }
        #expect(
            await registry.exposition() == """
                # TYPE _9level gauge
                _9level 6
                # HELP batch Timers a claim.
                # TYPE batch histogram
                batch_bucket{le="1"} 1
                batch_bucket{le="10"} 1
                batch_bucket{le="+Inf"} 2
                batch_sum 12
                batch_count 2
                # TYPE bytes_gone counter
                bytes_gone 0.5
                # TYPE in_flight gauge
                in_flight -2.5
                # HELP jobs Jobs by status.
                # TYPE jobs gauge
                jobs{status="FAILED"} +Inf
                jobs{status="POLLING"} 12
                # HELP jobs_total Jobs taken in.\\nBackslash \\\\ and "quotes".
                # TYPE jobs_total counter
                jobs_total{a="1",queue="high"} 3
                jobs_total{a="2",queue="low\\"\\\\\\n"} 1
                # HELP lateness_seconds From due to claimed.
                # TYPE lateness_seconds histogram
                lateness_seconds_bucket{le_="x",le="0.05"} 1
                lateness_seconds_bucket{le_="x",le="0.25"} 2
                lateness_seconds_bucket{le_="x",le="1"} 2
                lateness_seconds_bucket{le_="x",le="+Inf"} 3
                lateness_seconds_sum{le_="x"} 7.101
                lateness_seconds_count{le_="x"} 3

                """)
    }

    @Test("two handles with the same name and labels share a series, whatever the order of the labels")
    func sharing() async {
        let registry = registry()
        Counter(label: "c", dimensions: [("a", "1"), ("b", "2")], factory: registry).increment()
        Counter(label: "c", dimensions: [("b", "2"), ("a", "1")], factory: registry).increment()
        FloatingPointCounter(label: "c", dimensions: [("b", "2"), ("a", "1")], factory: registry).increment(by: 1)
        #expect(await registry.exposition() == "# TYPE c counter\nc{a=\"1\",b=\"2\"} 3\n")
    }

    @Test("counters never decrease")
    func monotony() async {
        let registry = registry()
        let cell = registry.makeCounter(label: "c", dimensions: [])
        cell.increment(by: 2)
        cell.increment(by: -1)
        #expect(await registry.exposition().hasSuffix("\nc 2\n"))
    }

    @Test("a name used for two kinds keeps the first, and calls of the other have no effect")
    func conflict() async {
        let registry = registry()
        Counter(label: "x", factory: registry).increment()
        Gauge(label: "x", factory: registry).record(7)
        #expect(await registry.exposition() == "# TYPE x counter\nx 1\n")
    }

    @Test("labels from data share one series beyond the maximum")
    func cardinality() async {
        let registry = registry(maximumSeries: 3)
        for job in 0..<1000 { Counter(label: "c", dimensions: [("job", "\(job)")], factory: registry).increment() }
        let text = await registry.exposition()
        #expect(text.contains("c{job=\"overflow\"} 997\n"))
        #expect(text.split(separator: "\n").count == 5)
    }

    @Test("a destroyed metric is no longer exported")
    func destroying() async {
        let registry = registry()
        let timer = Metrics.Timer(label: "t", factory: registry)
        timer.recordSeconds(1)
        timer.destroy()
        #expect(await registry.exposition().isEmpty)
    }

    @Test("increments of many threads all count")
    func concurrency() async {
        let registry = registry()
        let counter = Counter(label: "c", factory: registry)
        let fractions = FloatingPointCounter(label: "f", factory: registry)
        let timer = Metrics.Timer(label: "t", factory: registry)
        await withTaskGroup { group in
            for _ in 0..<8 {
                group.addTask {
                    for _ in 0..<10_000 {
                        counter.increment()
                        fractions.increment(by: 0.25)
                        timer.recordNanoseconds(1_000_000_000)
                    }
                }
            }
        }
        let text = await registry.exposition()
        #expect(text.contains("\nc 80000\n") && text.contains("\nf 20000\n"))
        #expect(text.contains("\nt_seconds_bucket{le=\"0.5\"} 0\n"))
        #expect(text.contains("\nt_seconds_bucket{le=\"1\"} 80000\n"))
        #expect(text.contains("\nt_seconds_sum 80000\n"))
    }

    @Test("collectors that throw or hang are left out and counted, and the scrape still ends")
    func failingCollectors() async throws {
        struct Broken: Error {}
        let registry = registry()
        registry.collect("broken") { throw Broken() }
        registry.collect("hanging") {
            try await Task.sleep(for: .seconds(3600))
            return []
        }
        registry.collect("good") { [GaugeInstrument("g", help: "").sample(value: 1)] }
        let start = ContinuousClock.now
        #expect(await registry.exposition().contains("g 1\n"))
        #expect(ContinuousClock.now - start < .seconds(10))
        let text = await registry.exposition()
        #expect(text.contains("telemetry_collector_failures_total{collector=\"broken\"} "))
        #expect(text.contains("telemetry_collector_failures_total{collector=\"hanging\"} "))
    }

    @Test("the process reports memory, CPU, descriptors and its start time")
    func process() async throws {
        let samples = try ExpositionText(await PrometheusRegistry().exposition()).samples
        func value(_ name: String) throws -> Double { try #require(samples[name]) }
        #expect(try value("process_resident_memory_bytes") > 1_000_000)
        #expect(try value("process_virtual_memory_bytes") > value("process_resident_memory_bytes"))
        #expect(try value("process_cpu_seconds_total") > 0)
        #expect(try value("process_open_fds") >= 3)
        #expect(try value("process_max_fds") > value("process_open_fds"))
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        let age = Double(now.tv_sec) - (try value("process_start_time_seconds"))
        #expect(age > -2 && age < 86_400)
    }

    @Test("names are converted to valid Prometheus names")
    func names() {
        #expect(MetricName.metric("a.b-c:d é") == "a_b_c:d__")
        #expect(MetricName.metric("") == "_")
        #expect(MetricName.metric("0a") == "_0a")
        #expect(MetricName.label("a:b") == "a_b")
        #expect(MetricName.label("__name__") == "x__name__")
        #expect(MetricName.timer("x_seconds") == "x_seconds")
        #expect(HistogramBuckets([1, .nan, 0.5, .infinity, 1]).bounds == [0.5, 1])
        #expect(HistogramBuckets.exponential(from: 1, factor: 4, count: 3).bounds == [1, 4, 16])
    }
}
