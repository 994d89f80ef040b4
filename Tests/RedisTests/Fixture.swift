import EventThread
import Glibc
import Logging
import Testing
import TestServers

@testable import Redis

/// A connected client on its own event thread, and a key prefix for one test.
struct Fixture {
    let redis: Redis
    let thread: EventThread
    let key: String

    /// - Parameter url: the shared server by default.
    static func run(
        _ url: String? = nil, configure: (inout RedisConfiguration) -> Void = { _ in }, body: (Fixture) async throws -> Void
    ) async throws {
        let thread = EventThread(name: "redis-test")
        let redis = try client(url, on: thread, configure: configure)
        try await redis.connect()
        try await body(Fixture(redis: redis, thread: thread, key: "test:{\(UInt64.random(in: 0 ... .max))}"))
        await redis.shutdown()
        thread.stop()
    }

    static func client(
        _ url: String? = nil, on thread: EventThread, configure: (inout RedisConfiguration) -> Void = { _ in }
    ) throws -> Redis {
        signal(SIGPIPE, SIG_IGN)
        var configuration = try RedisConfiguration(url: url ?? SharedServers.redisURL)
        configure(&configuration)
        var logger = Logger(label: "redis-test")
        logger.logLevel = .error
        return Redis(configuration, on: thread, logger: logger)
    }
}

/// The error of a call that must fail.
func failure<Value>(
    isolation: isolated (any Actor)? = #isolation, _ body: () async throws -> Value
) async throws -> RedisError {
    do {
        _ = try await body()
    } catch let error as RedisError {
        return error
    }
    throw Succeeded()
}

private struct Succeeded: Error {}

extension Redis {
    var hasBatchOnWire: Bool { !pipeline.isBatchAnswered }
    var queuedCommands: Int { pipeline.queuedCommands }
}
