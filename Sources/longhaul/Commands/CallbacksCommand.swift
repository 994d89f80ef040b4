import ArgumentParser
import Callbacks
import JobMessages
import ProviderAPI
import RabbitMQ
import Telemetry

struct CallbacksCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "callbacks", abstract: "Run the receiver of callbacks: an API that tells of an end of its own ends the wait for it.",
        discussion: """
            Provider files give an API the address of a job as {{ .callback.url }}. Each call to it moves the job's next check to now; nothing of \
            the call is believed. Needs LONGHAUL_CALLBACK_URL, by which the APIs reach this process, and LONGHAUL_CALLBACK_SECRET; the \
            orchestrators need both, too. Listens on LONGHAUL_CALLBACK_PORT; put a proxy with TLS in front. Serves /healthz, /readyz and \
            /metrics on port 8084. Several can run. ops/docs/polling.md says more.
            """)

    @OptionGroup var options: SettingsOptions
    @OptionGroup var role: RoleOptions

    func run() async throws {
        let settings = try await options.load()
        let role = try Role("callbacks", settings, role, standardPort: 8084)
        guard let address = try settings.callbackAddress() else {
            throw Problem.usage(
                "LONGHAUL_CALLBACK_URL and LONGHAUL_CALLBACK_SECRET are not set: without them no API has an address to call")
        }
        let publisher = Publisher(
            try settings.rabbitMQ(connectionName: "longhaul callbacks \(try settings.processName())"), on: role.thread, logger: role.logger)
        do {
            try await publisher.connect()
        } catch {
            throw Problem.unavailable("LONGHAUL_RABBITMQ_URL: \(error)")
        }
        role.registry.describe(CallbackServer.self)
        let repeated = RateLimitedLog(role.logger)
        let server = CallbackServer(
            host: try settings.required("LONGHAUL_CALLBACK_HOST"), port: try settings.number("LONGHAUL_CALLBACK_PORT", 0...65_535),
            address: address, logger: role.logger
        ) { id in
            do {
                return try await publisher.publish(HintMessage(id: id).outgoing, timeout: .seconds(5)) == .confirmed
            } catch {
                repeated.warning(key: "hint", "a callback is refused: \(error)")
                return false
            }
        }
        let broker = HealthCheck("rabbitmq") { await publisher.isConnected ? .healthy("connected") : .unhealthy("not connected") }
        do {
            try await role.run(server, checks: [], readiness: [broker])
        } catch let error as CallbackServerError {
            throw Problem.unavailable("LONGHAUL_CALLBACK_PORT: \(error)")
        }
        await publisher.shutdown()
        role.thread.stop()
    }
}
