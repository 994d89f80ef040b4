import Instruments
import JobStore
import Metrics

/// What became of hints.
struct HintMetrics: Sendable, Instrumented {
    private static let hints = CounterInstrument(
        "longhaul_hints_total", "outcome",
        help: "Hints received: `moved` the next check to now; `soon`, it was due then anyway; `kept`, the provider has said when to come; "
            + "`checking` at that moment; `over` or `unknown` jobs, or not waiting; `malformed`.")

    static var instruments: [Instrument] { [hints.instrument] }

    private let counters = HintMetrics.hints.each(of: HintOutcome.self)

    func count(_ outcome: HintOutcome) { counters[outcome]?.increment() }
}
