import Instruments
import Telemetry

/// Which program this is.
enum Build: Instrumented {
    static let version = "0.1.0"

    private static let info = GaugeInstrument("longhaul_build_info", "version", "role", help: "1; the labels say which program runs.")
    static var instruments: [Instrument] { [info.instrument] }

    static func tell(role: String) { info(version, role).record(1) }
}
