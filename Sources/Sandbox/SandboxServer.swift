import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// A simulated Export API over HTTP, for demos, benchmarks and chaos runs.
///
/// It uses SwiftNIO's HTTP codec without a framework. Measured side by side on one busy machine with 64 keep-alive connections,
/// a status request costs 30 µs of CPU here (37 % in the kernel, 9 % in the sandbox's own logic), and 45 to 50 µs with
/// Hummingbird 2.28 and a handler that only responds. At 20,000 requests per second that is 60 % of a core instead of a
/// whole core.
///
/// A server starts once and stops once. All exports are in memory and are lost when it stops.
public final class SandboxServer: Sendable {
    private let configuration: SandboxConfiguration
    private let clock: any SandboxClock
    private let logger: Logger
    private let running = Mutex(Phase.new)
    private let outage = Outage()

    private enum Phase {
        case new, starting
        case running(Parts)
        case stopped
    }

    private struct Parts: Sendable {
        var group: MultiThreadedEventLoopGroup
        var makers = FileMakers()
        var api: SandboxAPI
        var log: EventLog
    }

    public init(
        _ configuration: SandboxConfiguration, clock: any SandboxClock = SystemSandboxClock(),
        logger: Logger = Logger(label: "longhaul.sandbox")
    ) {
        self.configuration = configuration
        self.clock = clock
        self.logger = logger
    }

    /// Starts to listen and returns as soon as requests are served.
    ///
    /// - Returns: the port, which is the configured one unless that is 0.
    /// - Throws: `SandboxError` if the address is not available, the event log cannot be opened or the server was started before.
    public func start() async throws(SandboxError) -> Int {
        let isFirst = running.withLock { phase in
            guard case .new = phase else { return false }
            phase = .starting
            return true
        }
        guard isFirst else { throw .alreadyStarted }
        let log = try EventLog(path: configuration.eventLog)
        let registry = ExportRegistry(configuration: configuration, clock: clock, log: log)
        let parts = Parts(
            group: MultiThreadedEventLoopGroup(numberOfThreads: configuration.eventLoops),
            api: SandboxAPI(configuration: configuration, registry: registry, outage: outage), log: log)
        parts.makers.start()
        do {
            let channel = try await bind(parts)
            channel.eventLoop.scheduleRepeatedTask(initialDelay: .milliseconds(100), delay: .milliseconds(100)) { _ in log.flush() }
            running.withLock { $0 = .running(parts) }
            let port = channel.localAddress?.port ?? configuration.port
            logger.info("sandbox is listening", metadata: ["host": "\(configuration.host)", "port": "\(port)"])
            return port
        } catch {
            await stop(parts)
            throw .cannotListen(host: configuration.host, port: configuration.port, cause: "\(error)")
        }
    }

    private func bind(_ parts: Parts) async throws -> any Channel {
        let (api, makers, logger) = (parts.api, parts.makers, logger)
        let idleTimeout = TimeAmount(configuration.idleTimeout)
        return try await ServerBootstrap(group: parts.group)
            .serverChannelOption(.backlog, value: 1024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.addHandler(IdleStateHandler(allTimeout: idleTimeout))
                    try pipeline.configureHTTPServerPipeline(withErrorHandling: true)
                    try pipeline.addHandler(HTTPConnection(api: api, makers: makers, logger: logger))
                }
            }
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelOption(.maxMessagesPerRead, value: 1)
            .bind(host: configuration.host, port: configuration.port)
            .get()
    }

    /// Closes all connections immediately, writes the rest of the event log and returns when all threads have ended. Has no effect
    /// before `start()` has returned or when called again.
    public func stop() async {
        let parts: Parts? = running.withLock { phase in
            guard case .running(let parts) = phase else { return nil }
            phase = .stopped
            return parts
        }
        if let parts { await stop(parts) }
    }

    /// Whether the API is down: all requests except those of the control API get 503. Exports continue meanwhile.
    public var isDown: Bool {
        get { outage.isOn }
        set { outage.isOn = newValue }
    }

    private func stop(_ parts: Parts) async {
        do {
            // Stop the file threads first, because they report to the event loops.
            parts.api.facts.stop()
            try await parts.makers.stop()
            try await parts.group.shutdownGracefully()
        } catch {
            logger.warning("sandbox did not stop cleanly", metadata: ["error": "\(error)"])
        }
        parts.log.close()
    }
}
