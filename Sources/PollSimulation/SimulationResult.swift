/// What a policy cost, and how late it found exports that were ready.
public struct SimulationResult: Sendable, Equatable {
    public var jobs = 0
    public var pollsPerJob = 0.0
    /// Of them those that found the export not ready.
    public var wastedPerJob = 0.0
    /// From readiness to discovery, in seconds.
    public var meanLag = 0.0, p95Lag = 0.0, maxLag = 0.0
    /// Of the measured jobs, over the time in which they were created.
    public var requestsPerDay = 0.0
    public var peakPerSecond = 0
}

/// Counts during a simulation.
struct SimulationTally {
    private let span: Double
    private var lags: [Double] = []
    private var checks = 0
    private var perSecond: [Int: Int] = [:]

    /// - Parameter span: in which the measured exports were created, in seconds.
    init(span: Double) { self.span = span }

    mutating func check(at instant: Double, isMeasured: Bool) {
        guard isMeasured else { return }
        checks += 1
        perSecond[Int(instant), default: 0] += 1
    }

    mutating func found(after waited: Double, duration: Double, isMeasured: Bool) {
        if isMeasured { lags.append(waited - duration) }
    }

    var result: SimulationResult {
        let sorted = lags.sorted(), jobs = Double(max(lags.count, 1))
        let last = max(sorted.count - 1, 0)
        return SimulationResult(
            jobs: lags.count, pollsPerJob: Double(checks) / jobs, wastedPerJob: Double(checks - lags.count) / jobs,
            meanLag: lags.reduce(0, +) / jobs, p95Lag: sorted.isEmpty ? 0 : sorted[min(Int(Double(sorted.count) * 0.95), last)],
            maxLag: sorted.last ?? 0, requestsPerDay: span > 0 ? Double(checks) / span * 86_400 : 0,
            peakPerSecond: perSecond.values.max() ?? 0)
    }
}
