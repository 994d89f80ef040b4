import EventThread
import Glibc
import TestServers
import Testing

@testable import Redis

@Suite("Redis over TLS", .needsServers, .enabled(if: RedisConfiguration.supportsTLS, "this hiredis has no TLS"), .timeLimit(.minutes(2)))
struct TLSTests {
    @Test("logs in, pipelines in order, and also works with an IP address", arguments: ["localhost", "127.0.0.1"])
    func pipeline(host: String) async throws {
        try await TLSServer.run(["--requirepass", "s3cret"]) { server in
            let url = server.url(host).replacing("://", with: "://:s3cret@").replacing("/0", with: "/3")
            try await Fixture.run(url, configure: server.trust) { fixture in
                let client = try await fixture.redis.send(["CLIENT", "INFO"]).text ?? ""
                #expect(client.contains("db=3 ") && client.contains("name=longhaul "))
                let echoes = try await fixture.redis.send(all: (0..<5000).map { ["ECHO", .integer($0)] })
                #expect(echoes.map(\.int) == (0..<5000).map { $0 })
            }
        }
    }

    // A record holds 16 KiB. These are many, some of which arrive in parts, and the socket takes the larger ones in parts.
    @Test("sends and receives values of any size unchanged", arguments: [1, 16_383, 16_384, 16_385, 1 << 20, 8_000_001])
    func large(size: Int) async throws {
        try await TLSServer.run { server in
            try await Fixture.run(server.url(), configure: server.trust) { fixture in
                let (redis, key) = (fixture.redis, RedisArgument.string(fixture.key))
                let value = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
                async let before = redis.send(["ECHO", "before"])
                async let set = redis.send(["SET", key, .bytes(value)])
                let texts = try await [before.text, set.text]
                #expect(texts == ["before", "OK"])
                let replies = try await redis.send(all: [["GET", key], ["STRLEN", key], ["GET", key]])
                #expect(replies[1].int == Int64(size))
                let areWhole = replies[0].bytes == value && replies[2].bytes == value
                #expect(areWhole)
            }
        }
    }

    @Test("reads an array of 100,000 elements, and 200 concurrent callers get their own replies") func many() async throws {
        try await TLSServer.run { server in
            try await Fixture.run(server.url(), configure: server.trust) { fixture in
                let redis = fixture.redis
                let script = RedisScript(name: "count", source: "local t = {} for i = 1, 100000 do t[i] = i end return t")
                let elements = try await redis.run(script, keys: [], arguments: []).elements
                #expect(elements == (1...100_000).map { .integer($0) })
                try await withThrowingTaskGroup(of: Bool.self) { group in
                    for caller in 0..<200 {
                        let own = String(repeating: "\(caller) ", count: 1000)
                        group.addTask { try await redis.send(["ECHO", .string(own)]).text == own }
                    }
                    for try await isOwn in group { #expect(isOwn) }
                }
            }
        }
    }

    @Test("ignores errors that other users of OpenSSL leave in the thread's error queue") func foreignErrors() async throws {
        try await TLSServer.run { server in
            try await Fixture.run(server.url(), configure: server.trust) { fixture in
                let identity = try await fixture.redis.send(["CLIENT", "ID"])
                // Many records, so that OpenSSL runs out of data before the reply is complete.
                let text = String(repeating: "x", count: 1 << 20)
                for _ in 0..<10 {
                    let isLeft = await fixture.redis.leaveErrorInOpenSSL()
                    #expect(isLeft)
                    let isWhole = try await fixture.redis.send(["ECHO", .string(text)]).text == text
                    #expect(isWhole)
                }
                let identityNow = try await fixture.redis.send(["CLIENT", "ID"])
                #expect(identityNow == identity)
            }
        }
    }

    @Test("recovers after the server was frozen, and no call ends late") func frozen() async throws {
        try await TLSServer.run { server in
            try await Fixture.run(server.url()) {
                server.trust(&$0)
                $0.commandTimeout = .milliseconds(700)
                $0.connectTimeout = .milliseconds(500)
            } body: { fixture in
                let redis = fixture.redis
                try await server.freeze()
                let error = try await failure { try await redis.send(["PING"]) }
                #expect(error.kind == .timedOut(mayHaveRun: true))
                try await eventually(within: .seconds(5), "the connection is given up") { await !redis.isConnected }
                let later = try await failure { try await redis.send(["PING"], timeout: .seconds(2)) }
                #expect(later.kind == .timedOut(mayHaveRun: false))
                #expect(later.cause?.contains("no reply to the TLS handshake") == true, "\(later)")
                server.thaw()
                let pong = try await redis.send(["PING"], timeout: .seconds(10))
                #expect(pong == .status("PONG"))
            }
        }
    }
}

extension Redis {
    /// Runs on the client's thread, like a library that shares OpenSSL with it.
    fileprivate func leaveErrorInOpenSSL() -> Bool {
        typealias Open = @convention(c) (UnsafePointer<CChar>, UnsafePointer<CChar>) -> UnsafeMutableRawPointer?
        typealias Peek = @convention(c) () -> UInt
        guard let open = dlsym(nil, "BIO_new_file"), let peek = dlsym(nil, "ERR_peek_error") else { return false }
        return unsafeBitCast(open, to: Open.self)("/nonexistent", "r") == nil && unsafeBitCast(peek, to: Peek.self)() != 0
    }
}
