import Redis
import TestServers
import Testing

@Suite("Commands that a user is not allowed to run", .needsServers) struct DenialTests {
    @Test("are remembered, also for scripts, and distinguished from other errors") func denials() async throws {
        let name = "denials-\(UInt64.random(in: 0 ... .max))"
        try await Fixture.run { admin in
            try await admin.redis.send(["ACL", "SETUSER", .string(name), "on", ">secret", "~*", "+@all", "-incr"])
            try await Fixture.run(configure: { ($0.username, $0.password) = (name, "secret") }) { fixture in
                let (redis, key) = (fixture.redis, RedisArgument.string(fixture.key))
                try await redis.send(["SET", key, "text"])
                _ = try await failure { try await redis.send(["DECR", key]) }
                #expect(await redis.denial(within: .seconds(60)) == nil)

                _ = try await failure { try await redis.send(["INCR", key]) }
                #expect(await redis.denial(within: .seconds(60))?.operation == "INCR")
                #expect(await redis.denial(within: .zero) == nil)

                let script = RedisScript(name: "count", source: "return redis.call('INCR', KEYS[1])")
                _ = try await failure { try await redis.run(script, keys: [key], arguments: []) }
                #expect(await redis.denial(within: .seconds(60))?.operation == "count")
            }
            try await admin.redis.send(["ACL", "DELUSER", .string(name)])
        }
    }

    @Test("are those of a server that is full, too") func full() async throws {
        try await ServerGroup.run([.redis]) { servers in
            try await Fixture.run(try servers.value("LONGHAUL_REDIS_URL")) { fixture in
                let (redis, key) = (fixture.redis, RedisArgument.string(fixture.key))
                try await redis.send(["CONFIG", "SET", "maxmemory", 1])
                _ = try await failure { try await redis.send(["SET", key, "text"]) }
                #expect(await redis.denial(within: .seconds(60))?.operation == "SET")
                let script = RedisScript(name: "store", source: "return redis.call('SET', KEYS[1], 'text')")
                let refused = try await failure { try await redis.run(script, keys: [key], arguments: []) }
                guard case .server(let error) = refused.kind else { throw TestServersError("\(refused)") }
                #expect(error.refusesWrites && !error.isDenial, "\(error)")
                #expect(await redis.denial(within: .seconds(60))?.operation == "store")
            }
        }
    }
}
