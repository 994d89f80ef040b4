import Instruments
import Metrics

/// The way of histories from the store to the object storage.
struct TrailMetrics: Sendable, Instrumented {
    private static let stored = CounterInstrument(
        "longhaul_trail_histories_total", help: "Histories of ended jobs that were stored beside the jobs' objects.")
    private static let moved = CounterInstrument(
        "longhaul_trail_entries_total", help: "Entries of the trail, lines that did not fit beside their jobs, that were stored.")
    private static let failures = CounterInstrument(
        "longhaul_trail_failures_total", "of",
        help:
            "Attempts to store the `history` of an ended job, or `lines` of many jobs, that failed; another follows."
    )

    static var instruments: [Instrument] { [stored, moved, failures].map(\.instrument) }

    let histories = Self.stored(), lines = Self.moved()
    let failedHistories = Self.failures("history"), failedLines = Self.failures("lines")
}
