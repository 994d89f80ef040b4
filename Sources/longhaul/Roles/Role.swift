import EventThread
import HTTPClient
import Logging
import Metrics
import RabbitMQ
import Redis
import ServiceLifecycle
import Telemetry

/// What all long-running services share: logs, metrics, the health server and signals.
struct Role {
    let name: String
    let settings: Settings
    let logger: Logger
    let registry = PrometheusRegistry()
    let thread: EventThread
    /// `nil`: none are recorded.
    private let traces: ProcessTraces?
    private let healthHost: String
    private let healthPort: Int

    /// - Parameter standardPort: the default health port.
    init(_ name: String, _ settings: Settings, _ options: RoleOptions, standardPort: Int) throws {
        self.name = name
        self.settings = settings
        let level = try options.logLevel ?? settings.choice("LONGHAUL_LOG_LEVEL", Logger.Level.self)
        let format = try options.logFormat ?? settings.choice("LONGHAUL_LOG_FORMAT", LogFormat.self)
        format.bootstrap(level: level, metadata: ["service": "\(name)"])
        registry.describe(MetricCatalogue.ofEveryRole)
        MetricsSystem.bootstrap(registry)
        Build.tell(role: name)
        logger = Logger(label: "longhaul.\(name)")
        thread = EventThread(name: "longhaul-\(name)", minimumTurn: .zero)
        traces = try settings.traces(name, on: thread, logger: logger)
        healthHost = try settings.required("LONGHAUL_HEALTH_HOST")
        let isSet = try settings.text("LONGHAUL_HEALTH_PORT") != nil
        if let port = options.healthPort, !(0...65_535).contains(port) {
            throw Problem.usage("--health-port \(port): must be from 0 to 65535")
        }
        healthPort = try options.healthPort ?? (isSet ? settings.number("LONGHAUL_HEALTH_PORT", 0...65_535) : standardPort)
    }

    /// Runs the service and the health server until SIGTERM or SIGINT. A second signal ends the process at once; the leases return
    /// its work.
    /// - Throws: `Problem` if the broker cannot be reached or the health port is taken.
    func run(_ service: any Service, also others: [any Service] = [], checks: [HealthCheck], readiness: [HealthCheck]) async throws {
        let health = HealthServer(
            host: healthHost, port: healthPort, checks: checks, readiness: readiness, registry: registry, logger: logger)
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: [
                    // Started in this order and shut down in reverse, so that health is served to the end.
                    .init(service: health, successTerminationBehavior: .gracefullyShutdownGroup)
                ] + exporters + [
                    .init(service: service, successTerminationBehavior: .gracefullyShutdownGroup),
                    .init(service: SecondSignal()),
                    .init(service: StartupMemory()), .init(service: LoopLag(thread: thread)),
                ] + others.map { .init(service: $0) },
                gracefulShutdownSignals: [.sigterm, .sigint], logger: quietLogger))
        do {
            try await group.run()
        } catch let error as RabbitMQError {
            throw Problem.unavailable("LONGHAUL_RABBITMQ_URL: \(error)")
        } catch let error as HealthServerError {
            throw Problem.unavailable("LONGHAUL_HEALTH_PORT: \(error)")
        }
        await traces?.http.shutdown(within: .zero)
    }

    /// Ends after the services whose spans it exports.
    private var exporters: [ServiceGroupConfiguration.ServiceConfiguration] {
        traces.map { [.init(service: $0.exporter, successTerminationBehavior: .ignore)] } ?? []
    }

    /// The group logs each step at debug level; only its warnings and errors matter here.
    private var quietLogger: Logger {
        var logger = logger
        logger.logLevel = max(logger.logLevel, .error)
        return logger
    }
}
