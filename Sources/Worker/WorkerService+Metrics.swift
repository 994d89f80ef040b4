import Instruments
import Lifecycle

extension WorkerService: Instrumented {
    public static var instruments: [Instrument] { ServiceInstruments.all + WorkerMetrics.instruments + TrailMetrics.instruments }
}
