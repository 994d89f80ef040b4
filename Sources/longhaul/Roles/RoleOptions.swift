import ArgumentParser
import Logging
import Telemetry

/// The options that long-running services accept in addition to the settings.
struct RoleOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The log format, json or text (default: LONGHAUL_LOG_FORMAT).", valueName: "format"))
    var logFormat: LogFormat?

    @Option(help: ArgumentHelp("The lowest level to log (default: LONGHAUL_LOG_LEVEL).", valueName: "level"))
    var logLevel: Logger.Level?

    @Option(help: ArgumentHelp("The port for health and metrics (default: LONGHAUL_HEALTH_PORT).", valueName: "port"))
    var healthPort: Int?
}

extension LogFormat: ExpressibleByArgument {}
extension Logger.Level: @retroactive ExpressibleByArgument {}
