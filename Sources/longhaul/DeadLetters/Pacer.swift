/// Spaces actions evenly: the generic cell rate algorithm (ITU-T I.371) without tolerance, so lost time is not made up for by a
/// burst.
struct Pacer: Sendable {
    private let interval: Duration
    private var next: ContinuousClock.Instant?

    /// - Parameter rate: actions per second, greater than 0.
    init(rate: Double) { interval = .seconds(1 / rate) }

    /// The delay before an action requested now.
    mutating func delay(at now: ContinuousClock.Instant) -> Duration {
        let time = max(next ?? now, now)
        next = time + interval
        return time - now
    }

    /// Reads `50/s`, `10/m`, or a number per second.
    static func rate(_ text: String) -> Double? {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), let number = Double(parts[0]), number.isFinite else { return nil }
        let seconds: Double? = parts.count == 1 ? 1 : ["s": 1, "m": 60, "h": 3600][String(parts[1])]
        guard let seconds, (0.001...100_000).contains(number / seconds) else { return nil }
        return number / seconds
    }
}
