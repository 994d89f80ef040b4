import Instruments
import Metrics

/// What clients of Redis measure, all together.
public struct RedisMetrics: Instrumented {
    private static let commandsSent = CounterInstrument(
        "longhaul_redis_commands_total", help: "Commands sent to Redis; those of a pipeline count one by one.")
    private static let connectionsAgain = CounterInstrument(
        "longhaul_redis_reconnects_total", help: "Connections to Redis established after a lost one.")

    public static var instruments: [Instrument] { [commandsSent, connectionsAgain].map(\.instrument) }

    let commands = Self.commandsSent()
    let reconnects = Self.connectionsAgain()
}
