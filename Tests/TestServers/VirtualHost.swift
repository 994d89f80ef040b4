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

    /// The virtual host of a `LONGHAUL_RABBITMQ_URL` that `run` gave.
    public init(url: String) {
        self.url = url
        name = String(url[(url.lastIndex(of: "/").map { url.index(after: $0) } ?? url.startIndex)...])
    }

    private init(url: String, name: String) { (self.url, self.name) = (url, name) }

    /// Keeps a copy of every message that is published from now on (https://www.rabbitmq.com/docs/firehose).
    public func trace() async throws {
        try await Self.manage("PUT", "vhosts/\(name)", #"{"tracing":true}"#)
        try await Self.manage("PUT", "queues/\(name)/trace", #"{"durable":false,"arguments":{"x-queue-type":"classic"}}"#)
        try await Self.manage("POST", "bindings/\(name)/e/amq.rabbitmq.trace/q/trace", ##"{"routing_key":"publish.#"}"##)
    }

    /// Those messages, with their properties, as JSON.
    public func traced() async throws -> String {
        try await Self.manage(
            "POST", "queues/\(name)/trace/get", #"{"count":1000000,"ackmode":"ack_requeue_false","encoding":"auto"}"#)
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

    @discardableResult
    private static func manage(_ method: String, _ path: String, _ body: String) async throws -> String {
        let curl = try ChildProcess.start(
            "/usr/bin/env",
            [
                "curl", "--noproxy", "*", "-sSf", "-m", "60", "-X", method, "-H", "Content-Type: application/json", "-d", body,
                "\(try SharedServers.rabbitMQManagementURL)/api/\(path)",
            ])
        let ended = try await curl.end(within: .seconds(70))
        guard ended.status == 0 else { throw TestServersError("\(method) \(path): \(ended.errors)") }
        return ended.output
    }
}
