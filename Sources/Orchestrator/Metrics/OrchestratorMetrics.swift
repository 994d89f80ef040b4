import ExportCore
import Instruments
import Metrics

/// What an orchestrator measures of its work. `StepMetrics` counts the requests of each provider.
struct OrchestratorMetrics: Sendable, Instrumented {
    private static let jobsAdmitted = CounterInstrument("longhaul_jobs_admitted_total", help: "Jobs taken in.")
    private static let jobsKnown = CounterInstrument(
        "longhaul_jobs_known_total", help: "Messages of jobs that were known already.")
    private static let timerLateness = TimerInstrument(
        "longhaul_timer_lateness_seconds", help: "From the time at which a timer was due to its claim.",
        bounds: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30, 300])
    private static let wakes = CounterInstrument(
        "longhaul_wakes_total", "outcome", help: "Wakes: `published`, `refused` by back-pressure, `malformed`, `stale`.")
    private static let requestsHeld = CounterInstrument(
        "longhaul_requests_held_total", help: "Claims that were postponed, because their provider was not to be asked yet.")
    private static let pastMaxWait = CounterInstrument(
        "longhaul_checks_past_max_wait_total",
        help: "Checks of jobs whose wait was over its maxWait by more than a lease: they should have ended.")
    private static let inFlight = GaugeInstrument(
        "longhaul_in_flight", "what", help: "Work in progress: `wakes` (checks and other steps) and `creates`.")

    static var instruments: [Instrument] {
        [
            jobsAdmitted.instrument, jobsKnown.instrument, timerLateness.instrument, wakes.instrument, requestsHeld.instrument,
            pastMaxWait.instrument,
            inFlight.instrument,
        ]
    }

    let admitted = Self.jobsAdmitted(), known = Self.jobsKnown()
    let lateness = Self.timerLateness()
    let wakesPublished = Self.wakes("published"), wakesRefused = Self.wakes("refused")
    let wakesMalformed = Self.wakes("malformed"), wakesStale = Self.wakes("stale")
    let held = Self.requestsHeld(), overdue = Self.pastMaxWait()
    let wakesInFlight = Self.inFlight("wakes"), createsInFlight = Self.inFlight("creates")
}
