import Instruments
import Metrics

/// What happens to the spans of this process.
public struct SpanMetrics: Sendable, Instrumented {
    private static let spans = CounterInstrument(
        "longhaul_spans_total", "outcome",
        help:
            "Spans that have ended: `exported`; `dropped`, because the queue was full; `failed`, because the collector was away or refused them; "
            + "`rejected` by a collector that took the others of their batch.")
    private static let failures = CounterInstrument(
        "longhaul_span_exports_failed_total", "reason", help: "Attempts to export spans that failed, by HTTP status or error.")

    public static var instruments: [Instrument] { [spans.instrument, failures.instrument] }

    let exported = Self.spans("exported"), dropped = Self.spans("dropped"), failed = Self.spans("failed")
    let rejected = Self.spans("rejected")

    func countFailure(_ reason: String) { Self.failures(reason).increment() }
}
