import Redis
import Testing
import TestServers

@Suite("Redis scripts", .needsServers) struct ScriptTests {
    /// A source that no other test has loaded.
    let increment = RedisScript(
        name: "increment", source: "-- \(UInt64.random(in: 0 ... .max))\nreturn redis.call('INCRBY', KEYS[1], ARGV[1])")

    @Test("the digest equals Redis's") func digest() async throws {
        try await Fixture.run { fixture in
            let digest = try await fixture.redis.send(["SCRIPT", "LOAD", .string(increment.source)]).text
            #expect(digest == increment.sha1)
        }
    }

    @Test("an unknown script is loaded and run once") func loads() async throws {
        try await Fixture.run { fixture in
            let first = try await fixture.redis.run(increment, keys: [.string(fixture.key)], arguments: [5])
            let second = try await fixture.redis.run(increment, keys: [.string(fixture.key)], arguments: [1])
            #expect((first, second) == (.integer(5), .integer(6)))
        }
    }

    @Test("after SCRIPT FLUSH a thousand concurrent calls run exactly once each") func flush() async throws {
        try await ServerGroup.run([.redis]) { servers in
            try await Fixture.run(try servers.value("LONGHAUL_REDIS_URL")) { fixture in
                let (redis, key) = (fixture.redis, RedisArgument.string(fixture.key))
                try await redis.run(increment, keys: [key], arguments: [1])
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for caller in 0..<1000 {
                        group.addTask {
                            if caller % 100 == 50 { try await redis.send(["SCRIPT", "FLUSH"]) }
                            try await redis.run(increment, keys: [key], arguments: [1])
                        }
                    }
                    try await group.waitForAll()
                }
                #expect(try await redis.send(["GET", key]).int == 1001)
            }
        }
    }

    @Test("a script that does not compile fails with the compiler's message") func doesNotCompile() async throws {
        try await Fixture.run { fixture in
            let broken = RedisScript(name: "broken", source: "return (")
            let errors = try await withThrowingTaskGroup(of: RedisError.self) { group in
                for _ in 0..<5 {
                    group.addTask { try await failure { try await fixture.redis.run(broken, keys: [], arguments: []) } }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(errors.allSatisfy { "\($0)".contains("compiling script") })
        }
    }

    @Test("after a restart of the server scripts work as before") func restart() async throws {
        try await ServerGroup.run([.redis]) { servers in
            try await Fixture.run(try servers.value("LONGHAUL_REDIS_URL")) { fixture in
                let key = RedisArgument.string(fixture.key)
                #expect(try await fixture.redis.run(increment, keys: [key], arguments: [1]) == .integer(1))
                try await servers.kill(.redis)
                try await servers.start(.redis)
                #expect(try await fixture.redis.run(increment, keys: [key], arguments: [1]) == .integer(2))
            }
        }
    }
}
