/// A value that a collector reads at scrape time.
public struct MetricSample: Sendable {
    public var name: String
    public var labels: [(String, String)]
    public var value: Double
    public var kind: MetricKind

    /// - Parameters:
    ///   - name: the exported name, including the unit: `longhaul_jobs`, `longhaul_oldest_timer_seconds`.
    ///   - kind: `gauge`, or `counter` for values that only grow; histograms are not supported.
    public init(_ name: String, labels: [(String, String)] = [], value: Double, kind: MetricKind = .gauge) {
        self.name = name
        self.labels = labels
        self.value = value
        self.kind = kind == .histogram ? .gauge : kind
    }
}
