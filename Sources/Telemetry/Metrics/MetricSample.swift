/// A value that a collector found at the time of a scrape.
public struct MetricSample: Sendable {
    public var name: String
    public var labels: [(String, String)]
    public var value: Double
    public var kind: MetricKind

    /// - Parameters:
    ///   - name: with its unit, as it shall be exported: `longhaul_jobs`, `longhaul_oldest_timer_seconds`.
    ///   - kind: `gauge`, or `counter` for what only grows; a histogram cannot be collected.
    public init(_ name: String, labels: [(String, String)] = [], value: Double, kind: MetricKind = .gauge) {
        self.name = name
        self.labels = labels
        self.value = value
        self.kind = kind == .histogram ? .gauge : kind
    }
}
