import ArgumentParser
import Lifecycle
import EventThread
import JobStore
import Orchestrator

struct OrchestratorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "orchestrator", abstract: "Run the orchestrator: admit jobs, start and poll exports, list files.",
        discussion: """
            Several orchestrators can run; they share the timers. Serves /healthz, /readyz and /metrics on port 8081. On SIGTERM or Ctrl-C \
            it finishes the work in progress and exits 0. A second signal ends the process at once, and no job is lost.
            """)

    @OptionGroup var options: SettingsOptions
    @OptionGroup var role: RoleOptions

    func run() async throws {
        let settings = try await options.load()
        let role = try Role("orchestrator", settings, role, standardPort: 8081)
        let name = try settings.processName()
        let configuration = try Self.configuration(settings, name: name)
        // Requests cost as much as the rest of a check, so they get their own thread.
        let httpThread = EventThread(name: "longhaul-http")
        let http = try settings.httpClient("provider", egress: settings.egress(), on: httpThread, logger: role.logger)
        let webhooks = try settings.httpClient("webhook", egress: settings.egress(), on: httpThread, logger: role.logger)
        let sessions = StoredSessions()
        let open = try settings.providerOpener(http: http, sessions: sessions, name: name, on: role.thread, logger: role.logger)
        let providers = try await settings.providers(open, logger: role.logger)
        let rabbitMQ = try settings.rabbitMQ(connectionName: "longhaul orchestrator \(name)")
        let connection = try await StoreConnection.open(settings, name: "longhaul-orchestrator", on: role.thread, logger: role.logger)
        sessions.use(connection.store)
        let library = PlanLibrary(store: connection.store, logger: role.logger, compile: open)
        role.registry.describe(OrchestratorService.self)
        let service = OrchestratorService(
            configuration: configuration, rabbitMQ: rabbitMQ, store: connection.store,
            membership: Membership(redis: connection.redis, name: name), providers: providers, webhooks: webhooks, library: library,
            thread: role.thread, logger: role.logger)
        service.collectMetrics(in: role.registry)
        let reload = ProviderReload(settings: settings, clients: providers, files: service.files, logger: role.logger, open: open)
        role.registry.describe(ProviderReload.self)
        try await role.run(service, also: [reload, LoopLag(thread: httpThread)], checks: service.checks(), readiness: service.readiness())
        await connection.close()
        // The service has already waited LONGHAUL_SHUTDOWN_GRACE for the work in progress.
        await http.shutdown(within: .zero)
        await webhooks.shutdown(within: .zero)
        httpThread.stop()
        role.thread.stop()
    }

    private static func configuration(_ settings: Settings, name: String) throws -> OrchestratorConfiguration {
        OrchestratorConfiguration(
            name: name, lease: try settings.duration("LONGHAUL_LEASE", .seconds(1) ... .seconds(3600)),
            watchdog: try settings.duration("LONGHAUL_WATCHDOG", .seconds(1) ... .seconds(86_400)),
            tick: try settings.duration("LONGHAUL_TICK", .milliseconds(1) ... .seconds(10)),
            wakesInFlight: try settings.number("LONGHAUL_WAKES_IN_FLIGHT", 1...100_000),
            createsInFlight: try settings.number("LONGHAUL_CREATES_IN_FLIGHT", 1...10_000),
            maxFiles: try settings.number("LONGHAUL_MAX_FILES", 1...10_000_000),
            shutdownGrace: try settings.duration("LONGHAUL_SHUTDOWN_GRACE", .zero ... .seconds(3600)),
            publishesEvents: try settings.choice("LONGHAUL_EVENTS", AllOrNone.self) == .all,
            keepsTrail: try settings.choice("LONGHAUL_TRAIL", AllOrNone.self) == .all,
            webhookSecrets: try settings.webhookSecrets())
    }
}
