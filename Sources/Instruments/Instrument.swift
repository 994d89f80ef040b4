/// A metric as it is registered. Its name, labels and meaning are written here once: the metrics page and its documentation come from it.
public struct Instrument: Sendable {
    public enum Kind: String, Sendable { case counter, gauge, histogram }

    /// In the style of Prometheus (https://prometheus.io/docs/practices/naming): base units, and `_total` for counters.
    public let name: String
    public let kind: Kind
    /// The names of the labels. Their values are few: never an id, a URL or a host.
    public let labels: [String]
    /// One sentence.
    public let help: String
    /// The upper bounds of the buckets of a histogram, ascending; `nil`: the registry's.
    public let bounds: [Double]?

    init(_ name: String, _ kind: Kind, _ labels: [String], _ help: String, bounds: [Double]? = nil) {
        (self.name, self.kind, self.labels, self.help, self.bounds) = (name, kind, labels, help, bounds)
    }

    func dimensions(_ values: [String]) -> [(String, String)] { Array(zip(labels, values)) }
}

/// What registers metrics, and can say which.
public protocol Instrumented {
    static var instruments: [Instrument] { get }
}
