import HTTPClient
import TestServers
import Testing

@Suite("TLS")
struct TLSTests {
    @Test("a certificate from an unknown authority is rejected, and accepted with its CA file")
    func trust() async throws {
        let folder = try Certificates()
        defer { folder.remove() }
        try await folder.withServer { port in
            let request = HTTPRequest(.get, "https://localhost:\(port)/")
            try await withClient { client async throws in
                let error = await failure { try await client.send(request) }
                #expect(error?.kind == .certificate && error?.isRetriable == false && error?.mayHaveRun == false)
            }
            try await withClient(HTTPClientConfiguration(egress: .loopback, caFile: folder.path("ca.pem"))) { client async throws in
                for _ in 0..<3 { #expect(try await client.send(request).status == 200) }
            }
        }
    }

    @Test("a certificate for another name is rejected")
    func name() async throws {
        let folder = try Certificates()
        defer { folder.remove() }
        try await folder.withServer { port in
            let configuration = HTTPClientConfiguration(
                egress: .loopback, caFile: folder.path("ca.pem"), resolve: ["other.example:\(port):127.0.0.1"])
            try await withClient(configuration) { client async throws in
                let error = await failure { try await client.send(HTTPRequest(.get, "https://other.example:\(port)/")) }
                #expect(error?.kind == .certificate)
            }
        }
    }

    @Test("a server that requires a client certificate gets it, and without one there is no response")
    func mutual() async throws {
        let folder = try Certificates()
        defer { folder.remove() }
        try await folder.withServer("-Verify", "1", "-verify_return_error", "-CAfile", "ca.pem") { port in
            let url = "https://localhost:\(port)/"
            let own = ClientCertificate(certificateFile: folder.path("client.pem"), keyFile: folder.path("client.key"))
            let missing = ClientCertificate(certificateFile: folder.path("none.pem"), keyFile: folder.path("client.key"))
            try await withClient(HTTPClientConfiguration(egress: .loopback, caFile: folder.path("ca.pem"))) { client async throws in
                #expect(try await client.send(HTTPRequest(.get, url, clientCertificate: own)).status == 200)
                let error = await failure { try await client.send(HTTPRequest(.get, url)) }
                // TLS 1.3 tells the client only after its own side of the handshake is complete.
                #expect(error.map { [.tls, .certificate, .connectionLost].contains($0.kind) } == true)
                #expect(await failure { try await client.send(HTTPRequest(.get, url, clientCertificate: missing)) }?.kind == .certificate)
            }
        }
    }

    @Test("plain HTTP where TLS is expected is a failed handshake")
    func plain() async throws {
        let server = try RawServer { connection in connection.send("HTTP/1.1 400 Bad Request\r\n\r\n") }
        defer { server.stop() }
        try await withClient { client async throws in
            #expect(await failure { try await client.send(HTTPRequest(.get, "https://127.0.0.1:\(server.port)/")) }?.kind == .tls)
        }
    }
}
