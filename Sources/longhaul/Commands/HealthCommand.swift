import ArgumentParser
import EventThread
import HTTPClient

struct HealthCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "health", abstract: "Check the health of a service on this machine.",
        discussion: """
            Prints the response of /healthz. Exits 0 if the process makes progress, 1 if not, and 69 if nothing responds. Use it as the \
            health check of a container: it needs neither a shell nor curl. With --ready it requests /readyz, which also checks that the \
            service reaches its servers.

            Example: longhaul health --port 8081 --ready
            """)

    @OptionGroup var options: SettingsOptions
    @Option(help: ArgumentHelp("The health port of the service (default: LONGHAUL_HEALTH_PORT).", valueName: "port")) var port: Int?
    @Flag(help: "Check that the service can do its work now, not only that it is alive.") var ready = false

    func run() async throws {
        let settings = try await options.load()
        guard let port = try port ?? settings.text("LONGHAUL_HEALTH_PORT").flatMap({ Int($0) }), (1...65_535).contains(port) else {
            throw Problem.usage(
                "set --port or LONGHAUL_HEALTH_PORT to a port from 1 to 65535 (8081 orchestrator, 8082 worker, 8083 sandbox)")
        }
        let thread = EventThread(name: "longhaul")
        let http = HTTPClient(HTTPClientConfiguration(name: "health", egress: .all), on: thread, logger: Terminal.quietLogger)
        let url = "http://\(try Self.address(settings)):\(port)/\(ready ? "readyz" : "healthz")"
        let timeouts = HTTPTimeouts(connect: .seconds(2), firstByte: .seconds(4), whole: .seconds(5))
        let response: HTTPResponse
        do {
            response = try await http.send(HTTPRequest(.get, url, timeouts: timeouts))
        } catch {
            throw Problem.unavailable("\(url): \(error)")
        }
        await http.shutdown(within: .zero)
        thread.stop()
        print(String(decoding: response.body, as: UTF8.self))
        if response.status != 200 { throw ExitCode(1) }
    }

    /// The address that the service listens on. If it listens on all addresses, the loopback address.
    private static func address(_ settings: Settings) throws -> String {
        let host = try settings.required("LONGHAUL_HEALTH_HOST")
        return switch host {
        case "0.0.0.0": "127.0.0.1"
        case "::": "[::1]"
        default: host.contains(":") ? "[\(host)]" : host
        }
    }
}
