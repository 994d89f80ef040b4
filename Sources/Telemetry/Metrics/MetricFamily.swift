/// All series with one name.
struct MetricFamily {
    let kind: MetricKind
    /// The name that the caller used, under which the metric may be described.
    let label: String
    var series: [LabelText: any MetricCell] = [:]

    /// The current values.
    var exposed: ExposedFamily { ExposedFamily(kind: kind, samples: series.mapValues(\.sample)) }
}

/// The handler of one series.
protocol MetricCell: AnyObject, Sendable {
    var sample: ExposedFamily.Sample { get }
}

extension CounterCell: MetricCell {
    var sample: ExposedFamily.Sample { .single(value) }
}

extension GaugeCell: MetricCell {
    var sample: ExposedFamily.Sample { .single(value) }
}

extension HistogramCell: MetricCell {
    var sample: ExposedFamily.Sample { .histogram(snapshot, bounds: buckets.bounds) }
}
