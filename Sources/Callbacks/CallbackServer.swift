import ExportCore
import Hummingbird
import HummingbirdCore
import Instruments
import JobMessages
import Logging
import Metrics
import NIOPosix
import ProviderAPI
import RabbitMQ
import ServiceLifecycle

/// Receives the callbacks of APIs and publishes a hint for each. It knows no job and reads no body: the signature in the path says that the URL
/// is one of ours, and the check that follows asks the API.
public struct CallbackServer: Service, Instrumented {
    private static let received = CounterInstrument(
        "longhaul_callbacks_total", "outcome", help: "Callbacks of APIs: `accepted`, `forged`, or `refused` because the broker was away.")

    public static var instruments: [Instrument] { [received.instrument] }

    private let host: String
    private let port: Int
    private let address: CallbackAddress
    private let publish: @Sendable (JobID) async -> Bool
    private let logger: Logger
    private let accepted = Self.received("accepted"), forged = Self.received("forged"), refused = Self.received("refused")

    /// More wait in the kernel's queue.
    private static let maximumConnections = 512
    /// The longest body that is read, and thrown away, so that the connection can go on.
    private static let longestBody = 1 << 20
    private static let eventLoop = MultiThreadedEventLoopGroup(numberOfThreads: 1)

    /// - Parameter publish: returns whether the broker has confirmed the hint.
    public init(
        host: String, port: Int, address: CallbackAddress, logger: Logger, publish: @escaping @Sendable (JobID) async -> Bool
    ) {
        self.host = host
        self.port = port
        self.address = address
        self.logger = logger
        self.publish = publish
    }

    /// Serves until graceful shutdown.
    /// - Throws: `CallbackServerError` if it cannot listen on the address.
    public func run() async throws {
        var quiet = logger
        quiet.logLevel = max(logger.logLevel, .warning)
        let application = Application(
            router: router, server: .http1(configuration: .init(idleTimeout: .seconds(60))),
            configuration: ApplicationConfiguration(
                address: .hostname(host, port: port),
                availableConnectionsDelegate: MaximumAvailableConnections(Self.maximumConnections, logger: quiet)),
            onServerRunning: { [logger, host] channel in
                logger.info("receiving callbacks", metadata: ["host": "\(host)", "port": "\(channel.localAddress?.port ?? 0)"])
            }, eventLoopGroupProvider: .shared(Self.eventLoop), logger: quiet)
        do {
            try await application.run()
        } catch {
            throw CallbackServerError(host: host, port: port, cause: String(describing: error))
        }
    }

    private var router: Router<BasicRequestContext> {
        let router = Router()
        // APIs differ in the method; what counts is that they come.
        for method in [HTTPRequest.Method.post, .get, .put] {
            router.on("v1/callbacks/:job/:signature", method: method) { request, context in
                _ = try? await request.body.collect(upTo: Self.longestBody)
                return await answer(context.parameters.get("job") ?? "", context.parameters.get("signature") ?? "")
            }
        }
        return router
    }

    private func answer(_ job: String, _ signature: String) async -> Response {
        // Unknown and forged look the same.
        guard let id = JobID(job), address.isValid(signature, of: id) else {
            forged.increment()
            return Response(status: .notFound)
        }
        guard await publish(id) else {
            refused.increment()
            return Response(status: .serviceUnavailable, headers: [.retryAfter: "10"])
        }
        accepted.increment()
        return Response(status: .accepted)
    }
}

/// The callback server cannot listen on its address.
public struct CallbackServerError: Error, CustomStringConvertible {
    public let host: String
    public let port: Int
    public let cause: String

    public var description: String { "cannot receive callbacks on \(host):\(port): \(cause)" }
}
