import ExportCore
import Instruments
import Metrics
import Synchronization

/// The steps of a provider's jobs: how the export was created, asked for and listed, and how well it was polled.
final class StepMetrics: Sendable, Instrumented {
    private static let creates = CounterInstrument(
        "longhaul_creates_total", "provider", "outcome", help: "Requests that create an export.")
    private static let checks = CounterInstrument(
        "longhaul_checks_total", "provider", "outcome",
        help: "Status checks (polls). `not-ready` ones were made too early; the ratio of all to `succeeded` is the price of an export.")
    private static let batched = CounterInstrument(
        "longhaul_checks_together_total", "provider", help: "Status checks whose request asked for other exports too, see `status.batch`.")
    private static let listings = CounterInstrument("longhaul_listings_total", "provider", "outcome", help: "Pages of file lists.")
    private static let polls = HistogramInstrument(
        "longhaul_polls_per_export", "provider", "key", help: "Status checks that an export took until it was ready.",
        bounds: [1, 2, 3, 5, 7, 10, 15, 20, 30, 50, 100, 300])
    private static let lag = TimerInstrument(
        "longhaul_detection_lag_seconds", "provider", "key", "by",
        help:
            "From an export's readiness to its discovery: as the `api` tells it, or at most, as `bound` by the time since the check before.",
        bounds: [1, 2.5, 5, 10, 15, 30, 60, 120, 180, 300, 600, 1200, 3600])

    private static let error = HistogramInstrument(
        "longhaul_prediction_error_ratio", "provider", "key",
        help: "By how much exports took longer or shorter than usual, as a share of the usual time; 0: just as long.",
        bounds: [0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 2, 5, 10])

    static var instruments: [Instrument] {
        [
            creates.instrument, checks.instrument, batched.instrument, listings.instrument, polls.instrument, lag.instrument,
            error.instrument,
        ]
    }

    private let provider: String
    private let together: Counter
    private let keys = Mutex<[String: OfKey]>([:])
    private let known = Mutex<[Key: Counter]>([:])

    private struct Key: Hashable {
        let step: Step
        let outcome: StepOutcome
    }

    private enum Step { case create, check, listing }

    init(_ provider: String) {
        self.provider = provider
        together = Self.batched(provider)
        // The usual ones exist from the start, so that their first increase is seen.
        for outcome in [StepOutcome.succeeded, .notReady] { _ = counter(.check, outcome) }
    }

    func countCreate(_ outcome: StepOutcome) { counter(.create, outcome).increment() }
    func countCheck(_ outcome: StepOutcome) { counter(.check, outcome).increment() }
    func countBatch(_ checks: Int) { if checks > 1 { together.increment(by: checks) } }
    func countListing(_ outcome: StepOutcome) { counter(.listing, outcome).increment() }

    /// An export was found ready.
    /// - Parameters:
    ///   - key: its kind.
    ///   - polls: checks that this took.
    ///   - lag: since its readiness, if the API tells when that was.
    ///   - bound: the time since the check before, or since the creation.
    ///   - waited: since the creation.
    ///   - predicted: how long such exports usually take, if that is known.
    func ready(of key: String, after polls: Int, lag: Duration?, atMost bound: Duration, waited: Duration, predicted: Duration?) {
        let metrics = of(key)
        metrics.polls.record(polls)
        if let lag { metrics.lagTold.record(duration: lag) } else { metrics.lagBound.record(duration: bound) }
        let found = FoundExport(checks: polls, lag: lag ?? bound / 2, waited: waited, predicted: predicted)
        if let error = found.error { metrics.error.record(error) }
    }

    private struct OfKey: Sendable {
        let polls: Recorder, error: Recorder
        let lagBound: Metrics.Timer, lagTold: Metrics.Timer

        init(_ provider: String, _ key: String) {
            (polls, error) = (StepMetrics.polls(provider, key), StepMetrics.error(provider, key))
            (lagBound, lagTold) = (StepMetrics.lag(provider, key, "bound"), StepMetrics.lag(provider, key, "api"))
        }
    }

    /// Keys come from parameters of jobs: those after the first twenty share one label.
    private func of(_ key: String) -> OfKey {
        keys.withLock { keys in
            let label = keys[key] != nil || keys.count < Self.mostKeys ? key : "others"
            if let known = keys[label] { return known }
            let new = OfKey(provider, label)
            keys[label] = new
            return new
        }
    }

    private static let mostKeys = 20

    private func counter(_ step: Step, _ outcome: StepOutcome) -> Counter {
        known.withLock { known in
            let key = Key(step: step, outcome: outcome)
            if let counter = known[key] { return counter }
            let instrument =
                switch step {
                case .create: Self.creates
                case .check: Self.checks
                case .listing: Self.listings
                }
            let counter = instrument(provider, outcome.rawValue)
            known[key] = counter
            return counter
        }
    }
}

/// The label `outcome` of a step.
enum StepOutcome: String, CaseIterable {
    case succeeded, notReady = "not-ready", unknownStatus = "unknown-status", exportFailed = "export-failed"
    case transient, throttled, notYet = "not-yet", unauthorised, gone, permanent, corrupt

    init(_ failureClass: FailureClass) {
        self =
            switch failureClass {
            case .transient: .transient
            case .throttled: .throttled
            case .notYet: .notYet
            case .unauthorised: .unauthorised
            case .gone: .gone
            case .permanent: .permanent
            case .corrupt: .corrupt
            }
    }
}
