import ArgumentParser
import Logging
import Telemetry

/// What the long-running roles take on top of the settings.
struct RoleOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Log as json or text; LONGHAUL_LOG_FORMAT otherwise.", valueName: "format"))
    var logFormat: LogFormat?

    @Option(help: ArgumentHelp("The least level that is logged; LONGHAUL_LOG_LEVEL otherwise.", valueName: "level"))
    var logLevel: Logger.Level?

    @Option(help: ArgumentHelp("Serve health and metrics on this port; LONGHAUL_HEALTH_PORT otherwise.", valueName: "port"))
    var healthPort: Int?
}

extension LogFormat: ExpressibleByArgument {}
extension Logger.Level: @retroactive ExpressibleByArgument {}
