import Instruments
import Metrics

/// The way of events from the outboxes to the broker.
struct EventMetrics: Sendable, Instrumented {
    private static let relayed = CounterInstrument("longhaul_events_published_total", help: "Events that the broker confirmed.")
    static let waiting = GaugeInstrument("longhaul_events_waiting", help: "Events in the outboxes that are not published yet.")
    static let dropped = CounterInstrument(
        "longhaul_events_dropped_total", help: "Events that were dropped unpublished, the oldest first, because their outbox was full.")

    static var instruments: [Instrument] { [relayed.instrument, waiting.instrument, dropped.instrument] }

    let published = Self.relayed()
}
