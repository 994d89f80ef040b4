import Foundation

/// A server that `ops/servers` can run.
public enum TestServer: String, Sendable, CaseIterable {
    case redis, rabbitmq, s3
}

/// A test's own servers, for tests that kill, freeze or restart one. Tests that only use a server share those of `ops/test`:
/// see ``SharedServers``.
///
/// ```swift
/// try await ServerGroup.run([.redis]) { servers in
///     let url = try servers.value("LONGHAUL_REDIS_URL")
///     try await servers.kill(.redis)
/// }
/// ```
public struct ServerGroup: Sendable {
    /// The variables that `ops/servers up` exports: `LONGHAUL_REDIS_URL`, `LONGHAUL_RABBITMQ_URL`, `AWS_ENDPOINT_URL_S3` and so on.
    public let environment: [String: String]
    let folder: URL

    /// Starts the servers on free ports and waits until they respond (RabbitMQ takes about four seconds). The caller must call
    /// ``stop()``; ``run(_:body:)`` does so by itself.
    public static func start(_ servers: [TestServer]) async throws -> ServerGroup {
        try TestServer.requireAvailable()
        let folder = FileManager.default.temporaryDirectory.appending(path: "longhaul-servers-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try await OpsCommand.servers(["up", folder.path] + servers.map(\.rawValue), logs: folder)
        let exports = try String(contentsOf: folder.appending(path: "env"), encoding: .utf8)
        return ServerGroup(environment: parse(exports: exports), folder: folder)
    }

    /// Starts the servers, runs `body` and stops the servers, also when `body` throws.
    public static func run<Result: Sendable>(
        _ servers: [TestServer], isolation: isolated (any Actor)? = #isolation, body: (ServerGroup) async throws -> Result
    ) async throws -> Result {
        let group = try await start(servers)
        let result: Result
        do {
            result = try await body(group)
        } catch {
            try await group.stop()
            throw error
        }
        try await group.stop()
        return result
    }

    /// The value of an exported variable, or an error that names it.
    public func value(_ name: String) throws -> String {
        guard let value = environment[name] else { throw TestServersError("the servers export no \(name)") }
        return value
    }

    /// SIGKILL, like a crash.
    public func kill(_ server: TestServer) async throws { try await command("kill", server) }

    /// SIGTERM; returns when the server has ended.
    public func terminate(_ server: TestServer) async throws { try await command("stop", server) }

    /// Starts a server again after ``kill(_:)`` or ``terminate(_:)``, with the same port and data, and waits until it responds.
    public func start(_ server: TestServer) async throws { try await command("start", server) }

    /// SIGSTOP: connections stay open and the server does not respond, as on a half-open socket.
    public func freeze(_ server: TestServer) async throws { try await command("freeze", server) }

    /// SIGCONT after ``freeze(_:)``.
    public func thaw(_ server: TestServer) async throws { try await command("thaw", server) }

    /// RabbitMQ raises its memory alarm, as it does when memory runs short, and accepts no messages.
    public func alarm() async throws { try await OpsCommand.servers(["alarm", folder.path], logs: folder) }

    /// RabbitMQ clears the alarm of ``alarm()``.
    public func calm() async throws { try await OpsCommand.servers(["calm", folder.path], logs: folder) }

    /// Ends all servers, frozen ones too, and removes their data.
    public func stop() async throws {
        try await OpsCommand.servers(["down", folder.path], logs: folder)
        try FileManager.default.removeItem(at: folder)
    }

    private func command(_ verb: String, _ server: TestServer) async throws {
        try await OpsCommand.servers([verb, folder.path, server.rawValue], logs: folder)
    }

    private static func parse(exports: String) -> [String: String] {
        var environment: [String: String] = [:]
        for line in exports.split(separator: "\n") {
            let assignment = line.trimmingPrefix("export ").split(separator: "=", maxSplits: 1)
            if assignment.count == 2 { environment[String(assignment[0])] = String(assignment[1]) }
        }
        return environment
    }
}
