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
    private static let listings = CounterInstrument("longhaul_listings_total", "provider", "outcome", help: "Pages of file lists.")
    private static let polls = HistogramInstrument(
        "longhaul_polls_per_export", "provider", help: "Status checks that an export took until it was ready.",
        bounds: [1, 2, 3, 5, 7, 10, 15, 20, 30, 50, 100, 300])
    private static let lag = TimerInstrument(
        "longhaul_detection_lag_seconds", "provider", "by",
        help:
            "From an export's readiness to its discovery: as the `api` tells it, or at most, as `bound` by the time since the check before.",
        bounds: [1, 2.5, 5, 10, 15, 30, 60, 120, 180, 300, 600, 1200, 3600])

    static var instruments: [Instrument] {
        [creates.instrument, checks.instrument, listings.instrument, polls.instrument, lag.instrument]
    }

    private let provider: String
    private let pollsPerExport: Recorder
    private let lagBound: Metrics.Timer, lagTold: Metrics.Timer
    private let known = Mutex<[Key: Counter]>([:])

    private struct Key: Hashable {
        let step: Step
        let outcome: StepOutcome
    }

    private enum Step { case create, check, listing }

    init(_ provider: String) {
        self.provider = provider
        pollsPerExport = Self.polls(provider)
        (lagBound, lagTold) = (Self.lag(provider, "bound"), Self.lag(provider, "api"))
        // The usual ones exist from the start, so that their first increase is seen.
        for outcome in [StepOutcome.succeeded, .notReady] { _ = counter(.check, outcome) }
    }

    func countCreate(_ outcome: StepOutcome) { counter(.create, outcome).increment() }
    func countCheck(_ outcome: StepOutcome) { counter(.check, outcome).increment() }
    func countListing(_ outcome: StepOutcome) { counter(.listing, outcome).increment() }

    /// An export was found ready.
    /// - Parameters:
    ///   - polls: checks that this took.
    ///   - lag: since its readiness, if the API tells when that was.
    ///   - bound: the time since the check before, or since the creation.
    func ready(after polls: Int, lag: Duration?, atMost bound: Duration) {
        pollsPerExport.record(polls)
        if let lag { lagTold.record(duration: lag) } else { lagBound.record(duration: bound) }
    }

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
