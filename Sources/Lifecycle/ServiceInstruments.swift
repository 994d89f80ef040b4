import Instruments

/// What every service that works on jobs measures.
public enum ServiceInstruments {
    public static var all: [Instrument] { LifecycleMetrics.instruments + BreakerWatcher.instruments + RequestMetrics.instruments }
}
