public import CoreMetrics

/// Shows a value that rises and falls.
public struct GaugeInstrument: Sendable {
    public let instrument: Instrument

    public init(_ name: String, _ labels: String..., help: String) {
        instrument = Instrument(name, .gauge, labels, help)
    }

    /// The gauge of one series.
    /// - Parameter values: of the labels, in their order.
    public func callAsFunction(_ values: String...) -> Gauge {
        Gauge(label: instrument.name, dimensions: instrument.dimensions(values))
    }
}
