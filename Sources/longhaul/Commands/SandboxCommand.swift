import ArgumentParser
import Logging
import Sandbox
import ServiceLifecycle

struct SandboxCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sandbox", abstract: "Run a simulated export API for demos and tests.",
        usage: "longhaul sandbox [--OPTION VALUE …]",
        discussion: SandboxOption.all.map { "  --\($0.name) \($0.form)\n        \($0.help)" }.joined(separator: "\n"))

    @Argument(parsing: .captureForPassthrough, help: .hidden) var options: [String] = []

    func run() async throws {
        if options.contains("--help") || options.contains("-h") { return print(Self.helpMessage()) }
        var configuration = SandboxConfiguration()
        configuration.port = 8089
        do {
            for (name, value) in try Self.pairs(options) { try configuration.set(name, to: value) }
        } catch let error as SandboxOptionError {
            throw Problem.usage("longhaul sandbox: \(error)")
        }
        let role = try Role("sandbox", await Settings.load(file: nil), RoleOptions.parse([]), standardPort: 8083)
        let server = SandboxServer(configuration, logger: role.logger)
        let port: Int
        do {
            port = try await server.start()
        } catch {
            throw Problem.unavailable("longhaul sandbox: \(error)")
        }
        Terminal.line("http://\(configuration.host):\(port)")
        try await role.run(UntilShutdown(), checks: [], readiness: [])
        await server.stop()
    }

    /// Accepts `--name value` and `--name=value`.
    private static func pairs(_ words: [String]) throws -> [(String, String)] {
        var pairs: [(String, String)] = []
        var rest = words[...]
        while let word = rest.popFirst() {
            guard word.hasPrefix("--") else {
                throw Problem.usage("longhaul sandbox: unexpected argument \(word); write options as --NAME VALUE, see --help")
            }
            let parts = word.dropFirst(2).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2 {
                pairs.append((String(parts[0]), String(parts[1])))
            } else {
                guard let value = rest.popFirst() else { throw Problem.usage("longhaul sandbox: \(word) needs a value") }
                pairs.append((String(parts[0]), value))
            }
        }
        return pairs
    }
}

/// Keeps the service group running until a signal arrives.
private struct UntilShutdown: Service {
    func run() async throws { try? await gracefulShutdown() }  // a cancellation ends it too
}
