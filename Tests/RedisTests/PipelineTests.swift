import Redis
import Testing
import TestServers

@Suite("A Redis pipeline", .needsServers) struct PipelineTests {
    @Test("gives each of thousands of concurrent callers its own reply") func ownReplies() async throws {
        try await Fixture.run { fixture in
            let redis = fixture.redis
            let wrong = await withTaskGroup(of: Int.self) { group in
                for caller in 0..<5000 {
                    group.addTask {
                        var wrong = 0
                        for round in 0..<4 where await (try? redis.send(["ECHO", "\(caller).\(round)"]).text) != "\(caller).\(round)" {
                            wrong += 1
                        }
                        return wrong
                    }
                }
                return await group.reduce(0, +)
            }
            #expect(wrong == 0)
        }
    }

    @Test("keeps the order of its commands beyond the limits of one write") func order() async throws {
        try await Fixture.run { fixture in
            let (redis, key) = (fixture.redis, fixture.key)
            let replies = try await redis.send(all: (0..<1500).map { ["RPUSH", .string(key), "\($0)"] })
            #expect(replies == (1...1500).map { .integer($0) })
            let list = try await redis.send(["LRANGE", .string(key), 0, -1])
            #expect(list.elements?.compactMap(\.int) == Array(0..<1500))
        }
    }

    @Test("gives error replies as values, in their places") func errorsAsValues() async throws {
        try await Fixture.run { fixture in
            let key = RedisArgument.string(fixture.key)
            let replies = try await fixture.redis.send(all: [["SET", key, "1"], ["LPUSH", key, "x"], ["GET", key]])
            #expect(replies[0] == .status("OK"))
            #expect(replies[1].serverError?.code == "WRONGTYPE")
            #expect(replies[2].text == "1")
            #expect(try await fixture.redis.send(all: []) == [])
        }
    }

    @Test("rejects an empty command instead of waiting for a reply that never comes") func emptyCommand() async throws {
        try await Fixture.run { fixture in
            let single = try await failure { try await fixture.redis.send([]) }
            #expect(single.serverError != nil)
            let second = try await failure { try await fixture.redis.send(all: [["PING"], []]) }
            #expect(second.serverError != nil)
        }
    }

    @Test("rejects calls when its queue is full, and accepts more when there is room again") func overload() async throws {
        try await ServerGroup.run([.redis]) { servers in
            try await Fixture.run(try servers.value("LONGHAUL_REDIS_URL")) {
                $0.limits.queuedCommands = 50
            } body: { fixture in
                let redis = fixture.redis
                try await servers.freeze(.redis)
                let kinds = await withTaskGroup(of: RedisError.Kind?.self) { group in
                    for _ in 0..<200 {
                        group.addTask { await kind { () throws(RedisError) in try await redis.send(["PING"], timeout: .seconds(1)) } }
                    }
                    return await group.reduce(into: []) { $0.append($1) }
                }
                #expect(kinds.contains(.overloaded))
                #expect(kinds.contains { if case .timedOut = $0 { true } else { false } })
                try await servers.thaw(.redis)
                #expect(try await redis.send(["PING"]) == .status("PONG"))
            }
        }
    }

    @Test("stops waiting at once for a cancelled caller; other callers still get the right replies") func cancellation() async throws {
        try await ServerGroup.run([.redis]) { servers in
            try await Fixture.run(try servers.value("LONGHAUL_REDIS_URL")) { fixture in
                let (redis, key) = (fixture.redis, fixture.key)
                try await servers.freeze(.redis)
                let onWire = Task { try await redis.send(["INCR", .string(key)]) }
                try await eventually(within: .seconds(5), "the first command is on the wire") { await redis.hasBatchOnWire }
                let waiting = Task { try await redis.send(["INCR", .string(key)]) }
                let other = Task { try await redis.send(["ECHO", "other"]) }
                try await eventually(within: .seconds(5), "two commands wait") { await redis.queuedCommands == 2 }

                let start = ContinuousClock.now
                onWire.cancel()
                waiting.cancel()
                #expect(try await failure { try await onWire.value }.kind == .cancelled(mayHaveRun: true))
                #expect(try await failure { try await waiting.value }.kind == .cancelled(mayHaveRun: false))
                #expect(ContinuousClock.now - start < .seconds(4))

                try await servers.thaw(.redis)
                #expect(try await other.value.text == "other")
                #expect(try await redis.send(["GET", .string(key)]).int == 1)
            }
        }
    }

    @Test("starts the deadline of a call at that call, even if the previous one was rejected") func deadlineOfLaterCall() async throws {
        try await Fixture.run {
            $0.commandTimeout = .milliseconds(150)
        } body: { fixture in
            let redis = fixture.redis
            let refused = Task {
                withUnsafeCurrentTask { $0?.cancel() }
                return try await redis.send(["PING"])
            }
            #expect(try await failure { try await refused.value }.kind == .cancelled(mayHaveRun: false))
            try await Fixture.run { other in try await other.redis.send(["BLPOP", "\(other.key)", "0.2"]) }
            #expect(try await redis.send(["ECHO", "later"]).text == "later")
        }
    }

    @Test("sends nothing for a caller that is already cancelled") func cancelledBefore() async throws {
        try await Fixture.run { fixture in
            let (redis, key) = (fixture.redis, fixture.key)
            let task = Task {
                withUnsafeCurrentTask { $0?.cancel() }
                return try await redis.send(["SET", .string(key), "x"])
            }
            let error = try await failure { try await task.value }
            #expect(error.kind == .cancelled(mayHaveRun: false))
            #expect(try await redis.send(["EXISTS", .string(key)]) == .integer(0))
        }
    }
}

private func kind(_ body: () async throws(RedisError) -> RESPValue) async -> RedisError.Kind? {
    do throws(RedisError) {
        _ = try await body()
        return nil
    } catch {
        return error.kind
    }
}
