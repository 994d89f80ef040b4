import EventThread
import Instruments
import Metrics
import ServiceLifecycle

/// Measures how late an event thread is, once a second: all connections and decisions of a process wait for it.
struct LoopLag: Service, Instrumented {
    private static let lag = TimerInstrument(
        "longhaul_event_loop_lag_seconds", "thread", help: "How late an event thread runs what is due, measured once a second.",
        bounds: [0.0005, 0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5])
    static var instruments: [Instrument] { [lag.instrument] }

    let thread: EventThread
    private static let interval = Duration.seconds(1)

    func run() async throws {
        let timer = Self.lag(thread.name)
        let probe = Task {
            // Cancelled at the shutdown.
            while (try? await Task.sleep(for: Self.interval)) != nil {
                let asked = ContinuousClock.now
                thread.perform { timer.record(duration: .now - asked) }
            }
        }
        // A cancellation ends it too and is not an error.
        try? await gracefulShutdown()
        probe.cancel()
    }
}
