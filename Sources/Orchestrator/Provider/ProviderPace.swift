import ExportCore
import Instruments
import Metrics
import Synchronization

/// The pace of a provider's checks, as the answers that this process got have it.
final class ProviderPace: Sendable, Instrumented {
    private static let stretch = GaugeInstrument(
        "longhaul_poll_stretch", "provider",
        help: "What the intervals of a provider's checks are multiplied by, because it throttles or answers slowly; 1: nothing is wrong.")

    static var instruments: [Instrument] { [stretch.instrument] }

    private let pace = Mutex(PollPace())
    private let gauge: Gauge

    init(_ provider: String) {
        gauge = Self.stretch(provider)
        gauge.record(1)
    }

    var stretch: Double { pace.withLock { $0.stretch } }

    /// - Parameter isSlow: whether the answer took so long that the breaker counts it.
    func answered(_ failure: Failure?, isSlow: Bool) {
        let (before, after) = pace.withLock { pace in
            let before = pace.stretch
            pace.answered(isThrottled: failure?.failureClass == .throttled, isSlow: isSlow)
            return (before, pace.stretch)
        }
        if before != after { gauge.record(after) }
    }
}
