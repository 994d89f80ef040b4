import Foundation
import HTTPClient
import Testing

@Suite("TLS", .serialized)
struct TLSTests {
    @Test("a certificate that nobody vouches for is refused, and accepted with its CA file")
    func trust() async throws {
        let folder = try Certificates()
        defer { folder.remove() }
        let server = try folder.serve()
        defer { server.terminate() }
        let url = "https://localhost:\(server.port)/"
        try await withClient { client async throws in
            let error = await failure { try await client.send(HTTPRequest(.get, url)) }
            #expect(error?.kind == .certificate && error?.isRetriable == false && error?.mayHaveRun == false)
        }
        try await withClient(HTTPClientConfiguration(egress: .loopback, caFile: folder.path("ca.pem"))) { client async throws in
            for _ in 0..<3 { #expect(try await client.send(HTTPRequest(.get, url)).status == 200) }
        }
    }

    @Test("a certificate for another name is refused")
    func name() async throws {
        let folder = try Certificates()
        defer { folder.remove() }
        let server = try folder.serve()
        defer { server.terminate() }
        let configuration = HTTPClientConfiguration(
            egress: .loopback, caFile: folder.path("ca.pem"), resolve: ["other.example:\(server.port):127.0.0.1"])
        try await withClient(configuration) { client async throws in
            let error = await failure { try await client.send(HTTPRequest(.get, "https://other.example:\(server.port)/")) }
            #expect(error?.kind == .certificate)
        }
    }

    @Test("a server that asks for a certificate gets the client's, and no answer comes without")
    func mutual() async throws {
        let folder = try Certificates()
        defer { folder.remove() }
        let server = try folder.serve("-Verify", "1", "-verify_return_error", "-CAfile", folder.path("ca.pem"))
        defer { server.terminate() }
        let url = "https://localhost:\(server.port)/"
        let own = ClientCertificate(certificateFile: folder.path("client.pem"), keyFile: folder.path("client.key"))
        try await withClient(HTTPClientConfiguration(egress: .loopback, caFile: folder.path("ca.pem"))) { client async throws in
            #expect(try await client.send(HTTPRequest(.get, url, clientCertificate: own)).status == 200)
            let error = await failure { try await client.send(HTTPRequest(.get, url)) }
            #expect(error.map { [.tls, .certificate, .connectionLost].contains($0.kind) } == true)
            let missing = ClientCertificate(certificateFile: folder.path("none.pem"), keyFile: folder.path("client.key"))
            #expect(await failure { try await client.send(HTTPRequest(.get, url, clientCertificate: missing)) }?.kind == .certificate)
        }
    }

    @Test("plain HTTP where TLS was expected is a failed handshake")
    func plain() async throws {
        let server = try RawServer { connection in connection.send("HTTP/1.1 400 Bad Request\r\n\r\n") }
        defer { server.stop() }
        try await withClient { client async throws in
            #expect(await failure { try await client.send(HTTPRequest(.get, "https://127.0.0.1:\(server.port)/")) }?.kind == .tls)
        }
    }
}

/// A folder with a CA, a server's certificate for localhost and a client's, made by the openssl command.
private struct Certificates {
    private let folder = FileManager.default.temporaryDirectory.appendingPathComponent("http-tls-\(UUID().uuidString)")

    init() throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out", "ca.pem", "-days", "2", "-subj", "/CN=test CA")
        try issue("server", "/CN=localhost", "subjectAltName=DNS:localhost,IP:127.0.0.1")
        try issue("client", "/CN=client", "extendedKeyUsage=clientAuth")
    }

    func path(_ name: String) -> String { folder.appendingPathComponent(name).path }
    func remove() { try? FileManager.default.removeItem(at: folder) /* a leftover in the temporary folder harms nobody */ }

    /// A TLS server that answers each GET with a page.
    func serve(_ arguments: String...) throws -> TLSServer {
        try TLSServer(["s_server", "-accept", "127.0.0.1:0", "-www", "-cert", path("server.pem"), "-key", path("server.key")] + arguments)
    }

    private func issue(_ name: String, _ subject: String, _ extensions: String) throws {
        try Data(extensions.utf8).write(to: folder.appendingPathComponent("\(name).ext"))
        try openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", "\(name).key", "-out", "\(name).csr", "-subj", subject)
        try openssl("x509", "-req", "-in", "\(name).csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2",
            "-extfile", "\(name).ext", "-out", "\(name).pem")
    }

    private func openssl(_ arguments: String...) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["openssl"] + arguments
        process.currentDirectoryURL = folder
        process.standardError = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
    }
}

private struct TLSServer {
    let port: Int
    private let process = Process()
    private let output = Pipe()
    private let input = Pipe()

    init(_ arguments: [String]) throws {
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["openssl"] + arguments
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        process.standardInput = input
        try process.run()
        // `ACCEPT 127.0.0.1:port` tells that it listens.
        var text = ""
        while !text.contains("ACCEPT") || !text.hasSuffix("\n") {
            let data = output.fileHandleForReading.availableData
            guard !data.isEmpty else { break }
            text += String(decoding: data, as: UTF8.self)
        }
        port = try #require(text.split(whereSeparator: \.isNewline).last { $0.hasPrefix("ACCEPT") }?.split(separator: ":").last.flatMap { Int($0) })
    }

    func terminate() {
        process.terminate()
        process.waitUntilExit()
    }
}
