import Instruments
import Metrics

/// The way of histories from the store to the object storage.
struct TrailMetrics: Sendable, Instrumented {
    private static let stored = CounterInstrument(
        "longhaul_trail_histories_total", help: "Histories of ended jobs that were stored beside the jobs' objects.")
    private static let moved = CounterInstrument(
        "longhaul_trail_entries_total", help: "Entries of the trail, lines that did not fit beside their jobs, that were stored.")

    static var instruments: [Instrument] { [stored.instrument, moved.instrument] }

    let histories = Self.stored(), lines = Self.moved()
}
