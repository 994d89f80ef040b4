import Redis
import TestServers
import Testing

@Suite("Redis values", .needsServers) struct ValueTests {
    @Test("every reply type survives the round trip") func types() async throws {
        try await Fixture.run { fixture in
            let (redis, key) = (fixture.redis, fixture.key)
            #expect(try await redis.send(["SET", .string(key), "value"]) == .status("OK"))
            #expect(try await redis.send(["GET", .string(key)]) == .string(Array("value".utf8)))
            #expect(try await redis.send(["GET", "\(key):none"]) == .null)
            #expect(try await redis.send(["INCRBY", "\(key):n", .integer(-41)]) == .integer(-41))
            #expect(try await redis.send(["RPUSH", "\(key):list", "a", "b", 3]).int == 3)
            let list = try await redis.send(["LRANGE", "\(key):list", 0, -1])
            #expect(list.elements?.compactMap(\.text) == ["a", "b", "3"])
            #expect(list.elements?.last?.int == 3)
            #expect(try await redis.send(["LRANGE", "\(key):no", 0, -1]) == .array([]))
            #expect(try await redis.send(["BLPOP", "\(key):no", "0.01"]).isNull)
        }
    }

    @Test("any bytes are a value: nulls, line ends, not UTF-8, empty") func binary() async throws {
        try await Fixture.run { fixture in
            let values: [[UInt8]] = [[], [0], [13, 10], Array("$5\r\nhello\r\n".utf8), [0xFF, 0xFE, 0, 128], Array(0...255)]
            for value in values {
                try await fixture.redis.send(["SET", .string(fixture.key), .bytes(value)])
                #expect(try await fixture.redis.send(["GET", .string(fixture.key)]) == .string(value))
            }
            #expect(try await fixture.redis.send(["SET", .string(fixture.key), .bytes([0xFF])]).text == "OK")
            #expect(try await fixture.redis.send(["GET", .string(fixture.key)]).text == nil)
        }
    }

    @Test("a value of 8 MB is sent and received between small ones") func large() async throws {
        try await Fixture.run { fixture in
            let (redis, key) = (fixture.redis, fixture.key)
            var value = (0..<251).map { UInt8($0) }
            while value.count < 5_000_000 { value += value }
            async let before = redis.send(["ECHO", "before"])
            async let set = redis.send(["SET", .string(key), .bytes(value)])
            async let get = redis.send(["GET", .string(key)])
            async let after = redis.send(["ECHO", "after"])
            #expect(try await before.text == "before")
            #expect(try await set.text == "OK")
            #expect(try await after.text == "after")
            _ = try await get
            let isSame = try await redis.send(["GET", .string(key)]) == .string(value)
            #expect(isSame)
            try await redis.send(["DEL", .string(key)])
        }
    }

    @Test("an array of 100,000 elements is read completely") func longArray() async throws {
        try await Fixture.run { fixture in
            let script = RedisScript(name: "count", source: "local t = {} for i = 1, 100000 do t[i] = i end return t")
            let elements = try await fixture.redis.run(script, keys: [], arguments: []).elements
            #expect(elements?.count == 100_000)
            #expect(elements?.last == .integer(100_000))
        }
    }

    @Test("arrays nested 7 deep are read; deeper ones are read or are an error, and the client continues") func nesting() async throws {
        try await Fixture.run { fixture in
            func nested(_ depth: Int) -> RedisScript {
                let value = String(repeating: "{", count: depth) + "'x'" + String(repeating: "}", count: depth)
                return RedisScript(name: "nested", source: "return \(value)")
            }
            var value = try await fixture.redis.run(nested(7), keys: [], arguments: [])
            for _ in 0..<7 { value = try #require(value.elements?.first) }
            #expect(value.text == "x")
            do throws(RedisError) {
                // With hiredis 1.0 and later.
                var value = try await fixture.redis.run(nested(9), keys: [], arguments: [])
                while let inner = value.elements?.first { value = inner }
                #expect(value.text == "x")
            } catch {
                #expect(error.kind == .unsupportedReply)
                #expect(!error.isRetriable && error.mayHaveRun)
                #expect(error.cause?.contains("depth") == true)
            }
            #expect(try await fixture.redis.send(["PING"]) == .status("PONG"))
        }
    }

    @Test("error replies have a type and their code") func serverErrors() async throws {
        try await Fixture.run { fixture in
            let (redis, key) = (fixture.redis, fixture.key)
            try await redis.send(["SET", .string(key), "text"])
            let error = try await failure { try await redis.send(["LPUSH", .string(key), "x"]) }
            #expect(error.serverError?.code == "WRONGTYPE")
            #expect(error.operation == "LPUSH")
            #expect(!error.isRetriable)
            let custom = RedisScript(name: "stale", source: "return redis.error_reply('STALE version 4')")
            let stale = try await failure { try await redis.run(custom, keys: [], arguments: []) }
            #expect(stale.serverError == RedisServerError(code: "STALE", message: "version 4"))
            #expect(stale.operation == "stale")
        }
    }

    @Test("an unknown command's error does not repeat its arguments") func argumentsStayOut() async throws {
        try await Fixture.run { fixture in
            let error = try await failure { try await fixture.redis.send(["NOSUCH", "s3cret"]) }
            #expect(error.serverError?.code == "ERR")
            #expect(!"\(error)".contains("s3cret"))
        }
    }

    @Test("the sections of INFO are read") func serverFacts() async throws {
        try await Fixture.run { fixture in
            let version = try await fixture.redis.info("server")["redis_version"]
            #expect(version?.isEmpty == false)
        }
    }
}

@Suite("Redis errors") struct ErrorTests {
    @Test(
        "errors of a temporary state are retriable, others are not",
        arguments: [
            ("LOADING", true), ("READONLY", true), ("BUSY", true), ("MASTERDOWN", true), ("OOM", true), ("MISCONF", true),
            ("WRONGTYPE", false), ("NOAUTH", false), ("ERR", false), ("NOSCRIPT", false),
        ]) func classification(code: String, isRetriable: Bool)
    {
        let serverError = RedisServerError(code: code, message: "")
        let error = RedisError(.server(serverError), operation: "SET", server: "localhost:6379/0")
        #expect(error.isRetriable == isRetriable)
    }
}
