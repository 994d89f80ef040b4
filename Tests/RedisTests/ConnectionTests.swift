import EventThread
import Redis
import Testing
import TestServers

@Suite("A Redis connection", .needsServers) struct ConnectionTests {
    @Test("has a name and uses the database in the URL") func login() async throws {
        let url = try SharedServers.redisURL.split(separator: "/").dropLast().joined(separator: "//") + "/3"
        try await Fixture.run(url) {
            $0.clientName = "a name"
        } body: { fixture in
            let client = try await fixture.redis.send(["CLIENT", "INFO"]).text ?? ""
            #expect(client.contains("db=3 "))
            #expect(client.contains("name=a-name "))
        }
    }

    @Test("recovers from SIGKILL: commands on the wire fail, waiting ones are sent, data is kept") func killed() async throws {
        try await ServerGroup.run([.redis]) { servers in
            try await Fixture.run(try servers.value("LONGHAUL_REDIS_URL")) { fixture in
                let (redis, key) = (fixture.redis, fixture.key)
                try await redis.send(["SET", .string(key), "kept"])
                try await servers.freeze(.redis)
                let onWire = Task { try await redis.send(["INCR", "\(key):n"]) }
                try await eventually(within: .seconds(5), "a command is on the wire") { await redis.hasBatchOnWire }
                let waiting = Task { try await redis.send(["GET", .string(key)]) }
                try await eventually(within: .seconds(5), "a command waits") { await redis.queuedCommands == 1 }
                try await servers.kill(.redis)

                let error = try await failure { try await onWire.value }
                #expect(error.kind == .connectionLost(mayHaveRun: true))
                #expect(error.isRetriable && error.mayHaveRun)
                try await servers.start(.redis)
                #expect(try await waiting.value.text == "kept")
                #expect(await redis.isConnected)
            }
        }
    }

    @Test("notices at once, without a command, that the server has gone, and reconnects by itself") func idle() async throws {
        try await ServerGroup.run([.redis]) { servers in
            try await Fixture.run(try servers.value("LONGHAUL_REDIS_URL")) { fixture in
                try await servers.kill(.redis)
                try await eventually(within: .seconds(5), "the loss is noticed") { await !fixture.redis.isConnected }
                try await servers.start(.redis)
                try await eventually(within: .seconds(10), "it is connected again") { await fixture.redis.isConnected }
            }
        }
    }

    @Test("that is half-open: calls end at their deadline, and the server is used again when it responds") func halfOpen() async throws {
        try await ServerGroup.run([.redis]) { servers in
            try await Fixture.run(try servers.value("LONGHAUL_REDIS_URL")) {
                $0.commandTimeout = .milliseconds(700)
                $0.connectTimeout = .milliseconds(500)
            } body: { fixture in
                let redis = fixture.redis
                try await servers.freeze(.redis)
                let start = ContinuousClock.now
                let error = try await failure { try await redis.send(["PING"]) }
                let waited = ContinuousClock.now - start
                #expect(error.kind == .timedOut(mayHaveRun: true))
                #expect(waited >= .milliseconds(700) && waited < .seconds(5))
                try await eventually(within: .seconds(5), "the connection is given up") { await !redis.isConnected }
                let later = try await failure { try await redis.send(["PING"]) }
                #expect(later.kind == .timedOut(mayHaveRun: false))
                #expect(later.cause != nil)
                try await servers.thaw(.redis)
                #expect(try await redis.send(["PING"], timeout: .seconds(10)) == .status("PONG"))
            }
        }
    }

    @Test("survives a call that times out while the server is merely slow") func slowCall() async throws {
        try await Fixture.run { fixture in
            let redis = fixture.redis
            let identity = try await redis.send(["CLIENT", "ID"])
            let error = try await failure {
                try await redis.send(["BLPOP", "\(fixture.key):none", "0.3"], timeout: .milliseconds(50))
            }
            #expect(error.kind == .timedOut(mayHaveRun: true))
            #expect(try await redis.send(["ECHO", "next"]).text == "next")
            #expect(try await redis.send(["CLIENT", "ID"]) == identity)
        }
    }

    @Test("with a wrong password is refused, is not retriable and never shows the password") func wrongPassword() async throws {
        let thread = EventThread(name: "redis-test")
        defer { thread.stop() }
        for login in ["nobody:s3cret@", ":s3cret@"] {
            let url = try SharedServers.redisURL.replacing("://", with: "://" + login)
            let error = try await failure { try await Fixture.client(url, on: thread).connect() }
            guard case .loginRefused = error.kind else {
                Issue.record("\(error)")
                continue
            }
            #expect(!error.isRetriable)
            #expect(!"\(error)".contains("s3cret"))
            #expect(!String(reflecting: error).contains("s3cret"))
        }
    }

    @Test("logs in with a password, with or without a name, and reports a missing password") func authentication() async throws {
        try await ServerGroup.run([.redis]) { servers in
            let url = try servers.value("LONGHAUL_REDIS_URL")
            try await Fixture.run(url) { fixture in
                let user: [RedisArgument] = ["ACL", "SETUSER", "us:er", "on", ">p@ss/w%rd", "+@all", "~*"]
                try await fixture.redis.send(user)
                try await fixture.redis.send(["CONFIG", "SET", "requirepass", "secret"])
            }
            try await Fixture.run(url.replacing("://", with: "://us%3Aer:p%40ss%2Fw%25rd@")) { fixture in
                let user = try await fixture.redis.send(["ACL", "WHOAMI"]).text
                #expect(user == "us:er")
            }
            try await Fixture.run(url.replacing("://", with: "://:secret@")) { fixture in
                let user = try await fixture.redis.send(["ACL", "WHOAMI"]).text
                #expect(user == "default")
            }
            let thread = EventThread(name: "redis-test")
            defer { thread.stop() }
            let error = try await failure { try await Fixture.client(url, on: thread).connect() }
            #expect(error.serverError?.code == "NOAUTH")
        }
    }

    @Test("leaves a server that has become a replica") func replica() async throws {
        try await ServerGroup.run([.redis]) { servers in
            try await Fixture.run(try servers.value("LONGHAUL_REDIS_URL")) { fixture in
                let (redis, key) = (fixture.redis, RedisArgument.string(fixture.key))
                let identity = try await redis.send(["CLIENT", "ID"])
                try await redis.send(["CONFIG", "SET", "replica-serve-stale-data", "yes"])
                try await redis.send(["REPLICAOF", "127.0.0.1", "1"])
                let error = try await failure { try await redis.send(["SET", key, "x"]) }
                #expect(error.serverError?.code == "READONLY")
                #expect(error.isRetriable && !error.mayHaveRun)
                try await redis.send(["REPLICAOF", "NO", "ONE"])
                #expect(try await redis.send(["CLIENT", "ID"]) != identity)
                #expect(try await redis.send(["SET", key, "x"]) == .status("OK"))
            }
        }
    }
}

@Suite("A Redis connection without a server") struct UnreachableTests {
    @Test("without a listener is an error that names the address and can be retried") func refused() async throws {
        let thread = EventThread(name: "redis-test")
        defer { thread.stop() }
        let redis = try Fixture.client("redis://:hush@127.0.0.1:1/0", on: thread)
        let error = try await failure { try await redis.connect() }
        #expect(error.kind == .unreachable)
        #expect(error.isRetriable)
        #expect("\(error)".contains("127.0.0.1:1/0") && "\(error)".contains("refused"))
        #expect(!"\(error)".contains("hush"))
        let call = try await failure { try await redis.send(["PING"], timeout: .milliseconds(200)) }
        #expect(call.kind == .timedOut(mayHaveRun: false))
        #expect(call.cause?.contains("refused") == true)
        await redis.shutdown()
    }

    @Test("to a host without an address is reported as an error") func unresolved() async throws {
        let thread = EventThread(name: "redis-test")
        defer { thread.stop() }
        let error = try await failure { try await Fixture.client("redis://no-such-host.invalid", on: thread).connect() }
        #expect(error.kind == .unreachable)
        #expect("\(error)".contains("no-such-host.invalid"))
    }
}
