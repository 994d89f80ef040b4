import EventThread
import Redis
import TestServers
import Testing

@Suite(
    "Redis over TLS is rejected", .needsServers, .enabled(if: RedisConfiguration.supportsTLS, "this hiredis has no TLS"),
    .timeLimit(.minutes(2)))
struct TLSRefusalTests {
    /// The error of a first connection.
    private func refusal(_ url: String, configure: (inout RedisConfiguration) -> Void) async throws -> RedisError {
        let thread = EventThread(name: "redis-test")
        defer { thread.stop() }
        return try await failure { try await Fixture.client(url, on: thread, configure: configure).connect() }
    }

    @Test("to a server with an unknown authority, even with the system's authorities") func authority() async throws {
        try await TLSServer.run { server in
            for authority in [server.certificates.path("stranger.pem"), nil] {
                let error = try await refusal(server.url()) { $0.tls?.authorityFile = authority }
                #expect(error.kind == .tls && !error.isRetriable && !error.mayHaveRun)
                #expect("\(error)".contains("localhost:\(server.port)") && "\(error)".contains("certificate"), "\(error)")
            }
        }
    }

    // The resolver treats "127.1" as 127.0.0.1, but for a certificate it is a name.
    @Test("to a server whose certificate names others", arguments: [("127.0.0.2", "IP address mismatch"), ("127.1", "hostname mismatch")])
    func host(host: String, reason: String) async throws {
        try await TLSServer.run { server in
            let error = try await refusal(server.url(host), configure: server.trust)
            #expect(error.kind == .tls)
            #expect(error.cause?.contains(reason) == true, "\(error)")
        }
    }

    @Test("to a server without TLS, and TLS servers reject plain clients") func plain() async throws {
        let url = try SharedServers.redisURL.replacing("redis://", with: "rediss://")
        let plainServer = try await refusal(url) { $0.connectTimeout = .seconds(1) }
        // The server waits for the end of what it takes for a command, or finds one.
        #expect(plainServer.kind == .tls || plainServer.kind == .unreachable)
        #expect(plainServer.cause?.contains("TLS") == true, "\(plainServer)")
        try await TLSServer.run { server in
            let plainClient = try await refusal(server.url().replacing("rediss://", with: "redis://")) { _ in }
            #expect(plainClient.kind == .unreachable)
        }
    }

    @Test("to clients without a certificate if the server requires one, and accepted with one") func clientCertificate()
        async throws
    {
        try await TLSServer.run(["--tls-auth-clients", "yes"]) { server in
            let error = try await refusal(server.url(), configure: server.trust)
            // The connection may be reset before the alert is read.
            #expect(error.kind == .tls || error.kind == .unreachable)
            try await Fixture.run(server.url()) {
                server.trust(&$0)
                $0.tls?.certificateFile = server.certificates.path("client.pem")
                $0.tls?.keyFile = server.certificates.path("client.key")
            } body: { fixture in
                let pong = try await fixture.redis.send(["PING"])
                #expect(pong == .status("PONG"))
            }
        }
    }

    @Test("when a file cannot be used, by its name and without asking for a passphrase") func files() async throws {
        let cases: [(authorities: String, certificate: String?, key: String?, words: String)] = [
            ("none.pem", nil, nil, "none.pem"), ("ca.pem", "none.pem", "client.key", "none.pem"),
            ("ca.pem", "client.pem", "none.key", "none.key"), ("ca.pem", "client.pem", "server.key", "server.key"),
            ("ca.pem", "locked.pem", "locked.key", "passphrase"), ("ca.pem", "client.pem", nil, "must both be set"),
        ]
        try await TLSServer.run { server in
            for files in cases {
                let error = try await refusal(server.url()) {
                    $0.tls?.authorityFile = server.certificates.path(files.authorities)
                    $0.tls?.certificateFile = files.certificate.map(server.certificates.path)
                    $0.tls?.keyFile = files.key.map(server.certificates.path)
                }
                #expect(error.kind == .tls)
                #expect("\(error)".contains(files.words), "\(error)")
            }
        }
    }

    @Test("with a wrong password, which the error does not show") func password() async throws {
        try await TLSServer.run(["--requirepass", "right"]) { server in
            let error = try await refusal(server.url().replacing("://", with: "://:s3cret@"), configure: server.trust)
            #expect(error.serverError?.code == "WRONGPASS")
            #expect(!"\(error)".contains("s3cret"))
        }
    }
}
