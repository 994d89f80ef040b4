import Hummingbird
import HummingbirdCore
public import Logging
import NIOPosix
public import ServiceLifecycle

/// Serves `/healthz`, `/readyz` and `/metrics` on a dedicated thread, so that a busy program still responds.
///
/// | path | response |
/// |---|---|
/// | `/healthz` | 200 if all `checks` are healthy, else 503; JSON with a line for each check |
/// | `/readyz` | the same for `readiness` |
/// | `/metrics` | the registry's metrics, in the `ExpositionFormat` that the client prefers |
public struct HealthServer: Service {
    private let host: String
    private let requestedPort: Int
    private let health: HealthPanel
    private let readiness: HealthPanel
    private let registry: PrometheusRegistry
    private let logger: Logger
    private let boundPort = BoundPort()

    /// The maximum number of connections served at once; more wait in the kernel's queue.
    private static let maximumConnections = 64

    /// - Parameters:
    ///   - port: 0 chooses a free port; ``port`` returns it.
    ///   - checks: whether the process makes progress. If not, a container orchestrator restarts it, so conditions outside the
    ///     process (an unreachable server) belong in `readiness`.
    ///   - readiness: whether the process can do its work now.
    ///   - deadline: for each check; a later result counts as unhealthy.
    public init(
        host: String, port: Int, checks: [HealthCheck], readiness: [HealthCheck] = [], registry: PrometheusRegistry,
        deadline: Duration = .seconds(2), logger: Logger
    ) {
        self.host = host
        self.requestedPort = port
        self.health = HealthPanel(checks, deadline: deadline)
        self.readiness = HealthPanel(readiness, deadline: deadline)
        self.registry = registry
        self.logger = logger
    }

    /// The listening port, once the server listens. Throws the error of ``run()`` if it cannot listen.
    public var port: Int { get async throws { try await boundPort.value } }

    /// Never shut down: a server that is cancelled during startup leaves tasks on it.
    private static let eventLoop = MultiThreadedEventLoopGroup(numberOfThreads: 1)

    /// Serves until graceful shutdown or cancellation.
    /// - Throws: ``HealthServerError`` if it cannot listen on the address.
    public func run() async throws {
        let outcome: Result<Void, any Error>
        do {
            try await application.run()
            outcome = .success(())
        } catch {
            outcome = .failure(HealthServerError(host: host, port: requestedPort, cause: String(describing: error)))
        }
        // No effect if it listened; otherwise callers that wait for the port get the error.
        await boundPort.resolve(outcome.flatMap { .failure(CancellationError()) })
        try outcome.get()
    }

    private var application: some ApplicationProtocol {
        var quiet = logger
        quiet.logLevel = max(logger.logLevel, .warning)
        return Application(
            router: router,
            server: .http1(configuration: .init(idleTimeout: .seconds(60))),
            configuration: ApplicationConfiguration(
                address: .hostname(host, port: requestedPort),
                availableConnectionsDelegate: MaximumAvailableConnections(Self.maximumConnections, logger: quiet)),
            onServerRunning: { [self] channel in await listening(on: channel.localAddress?.port ?? requestedPort) },
            eventLoopGroupProvider: .shared(Self.eventLoop),
            logger: quiet)
    }

    private func listening(on port: Int) async {
        logger.info("serving health and metrics", metadata: ["host": "\(host)", "port": .stringConvertible(port)])
        await boundPort.resolve(.success(port))
    }

    private var router: Router<BasicRequestContext> {
        let router = Router()
        router.get("healthz") { _, _ in Self.response(await health.report()) }
        router.get("readyz") { _, _ in Self.response(await readiness.report()) }
        router.get("metrics") { request, _ in
            let format = ExpositionFormat(accept: request.headers[.accept])
            return Response(
                status: .ok, headers: [.contentType: format.contentType],
                body: ResponseBody(byteBuffer: ByteBuffer(string: await registry.exposition(in: format))))
        }
        return router
    }

    private static func response(_ report: HealthReport) -> Response {
        Response(
            status: report.isHealthy ? .ok : .serviceUnavailable,
            headers: [.contentType: "application/json", .cacheControl: "no-store"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: report.json)))
    }
}

/// The health server cannot listen on its address.
public struct HealthServerError: Error, CustomStringConvertible {
    public let host: String
    public let port: Int
    public let cause: String

    public var description: String { "cannot serve health and metrics on \(host):\(port): \(cause)" }
}
