public import Instruments

/// A value that a collector reads at scrape time.
public struct MetricSample: Sendable {
    let name: String
    let labels: [(String, String)]
    let value: Double
    let kind: MetricKind

    init(_ instrument: Instrument, _ values: [String], value: Double) {
        name = instrument.name
        labels = Array(zip(instrument.labels, values))
        kind = instrument.kind == .counter ? .counter : .gauge
        self.value = value
    }
}

extension GaugeInstrument {
    /// - Parameter values: of the labels, in their order.
    public func sample(_ values: String..., value: Double) -> MetricSample { MetricSample(instrument, values, value: value) }
}

extension CounterInstrument {
    /// A count that somebody else keeps.
    /// - Parameter values: of the labels, in their order.
    public func sample(_ values: String..., value: Double) -> MetricSample { MetricSample(instrument, values, value: value) }
}
