import ArgumentParser
import EventThread
import HTTPClient

struct HealthCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "health", abstract: "Ask a running role on this machine how it is.",
        discussion: """
            Prints what /healthz answers. Exit code 0 if the process makes progress, 1 if not, 69 if nobody answers. For the health check of
            a container, which needs neither a shell nor curl then. With --ready it asks /readyz: are its servers reachable too?
            """)

    @OptionGroup var options: SettingsOptions
    @Option(help: ArgumentHelp("The role's port; LONGHAUL_HEALTH_PORT otherwise.", valueName: "port")) var port: Int?
    @Flag(help: "Ask whether it can do its work now, not only whether it is alive.") var ready = false

    func run() async throws {
        let settings = try await options.load()
        guard let port = try port ?? settings.text("LONGHAUL_HEALTH_PORT").flatMap({ Int($0) }), (1...65_535).contains(port) else {
            throw Problem.usage(
                "say which role: --port or LONGHAUL_HEALTH_PORT, from 1 to 65535 (8081 orchestrator, 8082 worker, 8083 sandbox)")
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

    /// Where the role listens; one that listens everywhere is asked on the loopback address.
    private static func address(_ settings: Settings) throws -> String {
        let host = try settings.required("LONGHAUL_HEALTH_HOST")
        return switch host {
        case "0.0.0.0": "127.0.0.1"
        case "::": "[::1]"
        default: host.contains(":") ? "[\(host)]" : host
        }
    }
}
