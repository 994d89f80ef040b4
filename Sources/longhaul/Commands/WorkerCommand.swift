import Archive
import ArgumentParser
import Lifecycle
import ObjectStorage
import Worker

struct WorkerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "worker", abstract: "Run a worker: download, verify and unpack files, and store them.",
        discussion: """
            Several workers can run. Serves /healthz, /readyz and /metrics on port 8082. On SIGTERM or Ctrl-C it finishes the running \
            transfers or returns them to the queue, and exits 0. A second signal ends the process at once, and no job is lost.
            """)

    @OptionGroup var options: SettingsOptions
    @OptionGroup var role: RoleOptions

    func run() async throws {
        let settings = try await options.load()
        let role = try Role("worker", settings, role, standardPort: 8082)
        let name = try settings.processName()
        let configuration = try Self.configuration(settings, name: name)
        let (storage, storageHTTP) = try settings.storage(on: role.thread, logger: role.logger)
        let http = try settings.httpClient("provider", egress: settings.egress(), on: role.thread, logger: role.logger)
        let sessions = StoredSessions()
        let open = try settings.providerOpener(http: http, sessions: sessions, name: name, on: role.thread, logger: role.logger)
        let providers = try await settings.providers(open, logger: role.logger)
        let rabbitMQ = try settings.rabbitMQ(connectionName: "longhaul worker \(name)")
        let connection = try await StoreConnection.open(settings, name: "longhaul-worker", on: role.thread, logger: role.logger)
        sessions.use(connection.store)
        let library = PlanLibrary(store: connection.store, logger: role.logger, compile: open)
        role.registry.describe(WorkerService.self)
        let service = WorkerService(
            configuration: configuration, rabbitMQ: rabbitMQ, store: connection.store, providers: providers, library: library,
            storage: storage, thread: role.thread, logger: role.logger)
        let reload = ProviderReload(settings: settings, clients: providers, files: service.files, logger: role.logger, open: open)
        role.registry.describe(ProviderReload.self)
        try await role.run(service, also: [reload], checks: service.checks(), readiness: service.readiness())
        await connection.close()
        // The service has already waited LONGHAUL_SHUTDOWN_GRACE for the work in progress.
        await http.shutdown(within: .zero)
        await storageHTTP?.shutdown(within: .zero)
        role.thread.stop()
    }

    private static func configuration(_ settings: Settings, name: String) throws -> WorkerConfiguration {
        WorkerConfiguration(
            name: name, lease: try settings.duration("LONGHAUL_LEASE", .seconds(1) ... .seconds(3600)),
            transfers: try settings.number("LONGHAUL_TRANSFERS", 1...1024),
            archives: ArchiveLimits(
                maxEntries: try settings.number("LONGHAUL_MAX_ENTRIES", 1...10_000_000),
                maxUnpackedBytes: Int64(try settings.number("LONGHAUL_MAX_UNPACKED_BYTES", 1...Int.max))),
            spoolFolder: try settings.required("LONGHAUL_SPOOL"),
            maxSpoolBytes: Int64(try settings.number("LONGHAUL_MAX_SPOOL_BYTES", 0...Int.max)),
            shutdownGrace: try settings.duration("LONGHAUL_SHUTDOWN_GRACE", .zero ... .seconds(3600)),
            staleUploads: try settings.duration("LONGHAUL_STALE_UPLOADS", .seconds(10) ... .seconds(366 * 86_400)))
    }
}
