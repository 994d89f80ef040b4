import Foundation

/// A virtual host of the shared RabbitMQ for one test, so that its queues can have their real names.
public struct VirtualHost: Sendable {
    /// The URL for `LONGHAUL_RABBITMQ_URL`.
    public let url: String
    private let name: String

    /// Creates a virtual host, runs `body` and deletes the virtual host, also when `body` throws.
    public static func run<Result: Sendable>(
        isolation: isolated (any Actor)? = #isolation, body: (VirtualHost) async throws -> Result
    ) async throws -> Result {
        let host = try await make()
        let result: Result
        do {
            result = try await body(host)
        } catch {
            try await manage("DELETE", "vhosts/\(host.name)", "")
            throw error
        }
        try await manage("DELETE", "vhosts/\(host.name)", "")
        return result
    }

    private static func make() async throws -> VirtualHost {
        let name = "test-\(UUID().uuidString.lowercased())"
        let url = try SharedServers.rabbitMQURL
        guard let user = URLComponents(string: url)?.user, let slash = url.lastIndex(of: "/") else {
            throw TestServersError("LONGHAUL_RABBITMQ_URL names no user or no virtual host: \(url)")
        }
        try await manage("PUT", "vhosts/\(name)", "{}")
        try await manage("PUT", "permissions/\(name)/\(user)", #"{"configure":".*","write":".*","read":".*"}"#)
        return VirtualHost(url: url[...slash] + name, name: name)
    }

    private static func manage(_ method: String, _ path: String, _ body: String) async throws {
        let curl = try ChildProcess.start(
            "/usr/bin/env",
            [
                "curl", "--noproxy", "*", "-sSf", "-m", "60", "-X", method, "-H", "Content-Type: application/json", "-d", body,
                "\(try SharedServers.rabbitMQManagementURL)/api/\(path)",
            ])
        let ended = try await curl.end(within: .seconds(70))
        guard ended.status == 0 else { throw TestServersError("\(method) \(path): \(ended.errors)") }
    }
}
