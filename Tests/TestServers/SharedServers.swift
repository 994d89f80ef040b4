import Foundation
import Synchronization

/// The servers that `ops/test` starts for all tests. Tests are isolated by names: a UUID in a queue's name, a key prefix, or their own
/// bucket, database or virtual host. No test may flush, purge or restart these servers.
public enum SharedServers {
    public static var redisURL: String { get throws { try value("LONGHAUL_REDIS_URL") } }
    public static var rabbitMQURL: String { get throws { try value("LONGHAUL_RABBITMQ_URL") } }
    /// With credentials in the URL, for example `http://guest:guest@127.0.0.1:15672`.
    public static var rabbitMQManagementURL: String { get throws { try value("LONGHAUL_RABBITMQ_MANAGEMENT") } }
    public static var s3Endpoint: String { get throws { try value("AWS_ENDPOINT_URL_S3") } }

    private static let databases = Atomic<Int>(0)

    /// The number of a Redis database that no other test of this process uses.
    public static func nextRedisDatabase() -> Int { databases.wrappingAdd(1, ordering: .relaxed).newValue }

    /// The URL of an empty Redis database that no other test of this process uses.
    public static func emptyRedisDatabase() async throws -> String {
        guard let url = URL(string: try redisURL) else { throw TestServersError("LONGHAUL_REDIS_URL is no URL") }
        let database = url.deletingLastPathComponent().appending(path: "\(nextRedisDatabase())").absoluteString
        let ended = try await ChildProcess.start("/usr/bin/env", ["redis-cli", "-u", database, "FLUSHDB"]).end(within: .seconds(30))
        guard ended.output == "OK\n" else { throw TestServersError("\(database) cannot be emptied: \(ended.output)\(ended.errors)") }
        return database
    }

    /// The value of an environment variable that `ops/test` sets.
    public static func value(_ name: String) throws -> String {
        try TestServer.requireAvailable()
        guard let value = ProcessInfo.processInfo.environment[name] else {
            throw TestServersError("\(name) is not set: run the tests by ops/test, or eval \"$(ops/servers env DIR)\" first")
        }
        return value
    }
}
