public import CoreMetrics

/// Counts durations by their length, in seconds.
public struct TimerInstrument: Sendable {
    public let instrument: Instrument

    /// - Parameters:
    ///   - name: ends in `_seconds`.
    ///   - bounds: of the buckets, in seconds.
    public init(_ name: String, _ labels: String..., help: String, bounds: [Double]? = nil) {
        instrument = Instrument(name, .histogram, labels, help, bounds: bounds)
    }

    /// The timer of one series.
    /// - Parameter values: of the labels, in their order.
    public func callAsFunction(_ values: String...) -> Timer {
        Timer(label: instrument.name, dimensions: instrument.dimensions(values))
    }
}

/// Counts values by their size.
public struct HistogramInstrument: Sendable {
    public let instrument: Instrument

    public init(_ name: String, _ labels: String..., help: String, bounds: [Double]? = nil) {
        instrument = Instrument(name, .histogram, labels, help, bounds: bounds)
    }

    /// The recorder of one series.
    /// - Parameter values: of the labels, in their order.
    public func callAsFunction(_ values: String...) -> Recorder {
        Recorder(label: instrument.name, dimensions: instrument.dimensions(values), aggregate: true)
    }
}
