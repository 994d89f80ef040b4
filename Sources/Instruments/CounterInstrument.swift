public import CoreMetrics

/// Counts what happens.
public struct CounterInstrument: Sendable {
    public let instrument: Instrument

    /// - Parameter name: ends in `_total`.
    public init(_ name: String, _ labels: String..., help: String) {
        instrument = Instrument(name, .counter, labels, help)
    }

    /// The counter of one series.
    /// - Parameter values: of the labels, in their order.
    public func callAsFunction(_ values: String...) -> Counter { series(values) }

    /// A counter for each value of the only label, or of the last one.
    /// - Parameter values: of the labels before it.
    public func each<Value: RawRepresentable & CaseIterable & Hashable>(_ values: String..., of _: Value.Type) -> [Value: Counter]
    where Value.RawValue == String {
        Dictionary(uniqueKeysWithValues: Value.allCases.map { ($0, series(values + [$0.rawValue])) })
    }

    private func series(_ values: [String]) -> Counter { Counter(label: instrument.name, dimensions: instrument.dimensions(values)) }
}
