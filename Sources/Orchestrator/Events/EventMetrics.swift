import Instruments
import Metrics

/// The way of events from the outboxes to the broker.
struct EventMetrics: Sendable, Instrumented {
    private static let relayed = CounterInstrument("longhaul_events_published_total", help: "Events that the broker confirmed.")
    private static let unheard = CounterInstrument(
        "longhaul_events_unwanted_total", help: "Events that no queue is bound for; they are not published.")
    static let waiting = GaugeInstrument(
        "longhaul_events_waiting",
        help: "Entries of the outboxes that are not published yet; an entry holds the events of one change, or of a few.")
    static let oldest = GaugeInstrument(
        "longhaul_events_oldest_seconds", help: "How old the oldest entry of the outboxes is that is not published; 0 if none waits.")
    static let dropped = CounterInstrument(
        "longhaul_events_dropped_total", help: "Events that were dropped unpublished, the oldest first, because their outbox was full.")

    static var instruments: [Instrument] {
        [relayed.instrument, unheard.instrument, waiting.instrument, oldest.instrument, dropped.instrument]
    }

    let published = Self.relayed(), unwanted = Self.unheard()
}
