import EventThread
import Testing
import TestServers

@testable import Redis

@Suite("Shutting a Redis client down", .needsServers) struct ShutdownTests {
    @Test("lets earlier calls finish, and rejects later ones") func drains() async throws {
        try await ServerGroup.run([.redis]) { servers in
            let thread = EventThread(name: "redis-test")
            defer { thread.stop() }
            let redis = try Fixture.client(try servers.value("LONGHAUL_REDIS_URL"), on: thread)
            try await redis.connect()
            try await servers.freeze(.redis)
            let onWire = Task { try await redis.send(["ECHO", "first"]).text }
            try await eventually(within: .seconds(5), "a command is on the wire") { await redis.hasBatchOnWire }
            let waiting = (0..<500).map { index in Task { try await redis.send(["ECHO", "\(index)"]).text } }
            try await eventually(within: .seconds(5), "the others wait") { await redis.queuedCommands == 500 }
            async let shutdown: Void = redis.shutdown()
            try await eventually(within: .seconds(5), "it takes no more") { await redis.isShuttingDown }
            #expect(try await failure { try await redis.send(["PING"]) }.kind == .shutDown(mayHaveRun: false))
            try await servers.thaw(.redis)
            #expect(try await onWire.value == "first")
            for (index, call) in waiting.enumerated() { #expect(try await call.value == "\(index)") }
            await shutdown
            #expect(try await failure { try await redis.connect() }.kind == .shutDown(mayHaveRun: false))
            #expect(await !redis.isConnected)
        }
    }

    @Test("ends at its limit when the server does not respond") func frozen() async throws {
        try await ServerGroup.run([.redis]) { servers in
            let thread = EventThread(name: "redis-test")
            defer { thread.stop() }
            let redis = try Fixture.client(try servers.value("LONGHAUL_REDIS_URL"), on: thread)
            try await redis.connect()
            try await servers.freeze(.redis)
            let onWire = Task { try await redis.send(["PING"]) }
            try await eventually(within: .seconds(5), "a command is on the wire") { await redis.hasBatchOnWire }
            let waiting = Task { try await redis.send(["PING"]) }
            try await eventually(within: .seconds(5), "a command waits") { await redis.queuedCommands == 1 }
            let start = ContinuousClock.now
            async let second: Void = redis.shutdown(within: .milliseconds(200))
            await redis.shutdown(within: .milliseconds(200))
            await second
            #expect(ContinuousClock.now - start < .seconds(4))
            #expect(try await failure { try await onWire.value }.kind == .shutDown(mayHaveRun: true))
            #expect(try await failure { try await waiting.value }.kind == .shutDown(mayHaveRun: false))
        }
    }
}

@Suite("Shutting down a Redis client without a connection") struct DisconnectedShutdownTests {
    @Test("ends at once while there is no connection") func disconnected() async throws {
        let thread = EventThread(name: "redis-test")
        defer { thread.stop() }
        let redis = try Fixture.client("redis://127.0.0.1:1", on: thread)
        let waiting = Task { try await redis.send(["PING"]) }
        try await eventually(within: .seconds(5), "a command waits") { await redis.queuedCommands == 1 }
        await redis.shutdown()
        #expect(try await failure { try await waiting.value }.kind == .shutDown(mayHaveRun: false))
        await redis.shutdown()
    }
}
