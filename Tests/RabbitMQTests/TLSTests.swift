import Foundation
import RabbitMQ
import TestServers
import Testing

@Suite("TLS", .needsServers, .timeLimit(.minutes(2)))
struct TLSTests {
    @Test("messages travel over TLS, including bodies of many frames, and client certificates are sent")
    func messages() async throws {
        try await TLSTerminator.run { terminator in
            try await Fixture.run { fixture in
                let publisher = try await fixture.publisher { terminator.configure(&$0) }
                let consumer = try await fixture.consumer { terminator.configure(&$0) }
                let bodies = (0..<300).map { Array(repeating: UInt8(truncatingIfNeeded: $0), count: $0 * 1000) }
                let outcomes = try await publisher.publish(all: bodies.map { OutgoingMessage(routingKey: fixture.queue, body: $0) })
                #expect(outcomes.allSatisfy { $0 == .confirmed })
                var received: [[UInt8]] = []
                while received.count < bodies.count {
                    let deliveries = try await consumer.next(atMost: 20)
                    received += deliveries.map(\.body)
                    await consumer.acknowledge(deliveries.map(\.tag))
                }
                #expect(received == bodies)
                await consumer.shutdown()
                await publisher.shutdown()
                #expect(try await fixture.administrator.depth(fixture.queue).messages == 0)
            }
        }
    }

    @Test("a certificate from an unknown authority, or for another host, is rejected; without verification both pass")
    func verification() async throws {
        try await TLSTerminator.run { terminator in
            try await Fixture.run(arguments: nil) { fixture in
                let unknown = await #expect(throws: RabbitMQError.self) {
                    try await fixture.publisher {
                        terminator.configure(&$0)
                        $0.tls?.authorityFile = nil
                    }
                }
                #expect(unknown?.kind == .tls)
                #expect(unknown?.isRetriable == false)
                let otherHost = await #expect(throws: RabbitMQError.self) {
                    try await fixture.publisher {
                        terminator.configure(&$0)
                        $0.endpoints[0].host = "127.0.0.1"
                    }
                }
                #expect(otherHost?.kind == .tls)
                let careless = try await fixture.publisher {
                    terminator.configure(&$0)
                    $0.endpoints[0].host = "127.0.0.1"
                    $0.tls?.authorityFile = nil
                    $0.tls?.verifiesPeer = false
                }
                #expect(await careless.isConnected)
                await careless.shutdown()
            }
        }
    }

    @Test("a missing certificate file is named")
    func missingFile() async throws {
        try await Fixture.run(arguments: nil) { fixture in
            let error = await #expect(throws: RabbitMQError.self) {
                try await fixture.publisher {
                    $0.tls = .init()
                    $0.tls?.authorityFile = "/nonexistent/ca.pem"
                }
            }
            #expect(error?.kind == .tls)
            #expect(error?.cause.contains("/nonexistent/ca.pem") == true)
        }
    }
}

/// Terminates TLS in front of the shared broker: a Python process with a certificate for `localhost`, which asks for client certificates.
private struct TLSTerminator {
    let port: UInt16
    let folder: URL

    func configure(_ configuration: inout RabbitMQConfiguration) {
        configuration.endpoints = [.init(host: "localhost", port: port)]
        configuration.tls = .init()
        configuration.tls?.authorityFile = folder.appending(path: "ca.pem").path
        configuration.tls?.certificateFile = folder.appending(path: "client.pem").path
        configuration.tls?.keyFile = folder.appending(path: "client.key").path
    }

    static func run(isolation: isolated (any Actor)? = #isolation, _ body: (TLSTerminator) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "longhaul-tls-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let broker = try RabbitMQConfiguration(url: SharedServers.rabbitMQURL).endpoints[0].port
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["python3", "-c", script, "\(broker)"]
        process.currentDirectoryURL = folder
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        // Not SIGTERM: threads of the concurrency pool block it, and the child inherits that.
        defer { kill(process.processIdentifier, SIGKILL) }
        let portFile = folder.appending(path: "port")
        try await eventually(within: .seconds(30), "the TLS terminator listens") {
            FileManager.default.fileExists(atPath: portFile.path)
        }
        let port = try #require(UInt16(String(contentsOf: portFile, encoding: .utf8)))
        try await body(TLSTerminator(port: port, folder: folder))
    }

    private static let script = """
        import os, socket, ssl, subprocess, sys, threading
        def openssl(*arguments): subprocess.run(["openssl", *arguments], check=True, stderr=subprocess.DEVNULL)
        def request(name, *arguments):
            openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=" + name, "-keyout", name + ".key", *arguments)
        request("ca", "-x509", "-out", "ca.pem", "-days", "2")
        open("names", "w").write("subjectAltName=DNS:localhost")
        for name in ["server", "client"]:
            request(name, "-out", name + ".csr")
            openssl("x509", "-req", "-in", name + ".csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2",
                    "-extfile", "names", "-out", name + ".pem")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain("server.pem", "server.key")
        context.load_verify_locations("ca.pem")
        context.verify_mode = ssl.CERT_REQUIRED
        def pump(source, sink):
            try:
                while data := source.recv(65536): sink.sendall(data)
            except OSError: pass
            for side in (source, sink):
                try: side.shutdown(socket.SHUT_RDWR)
                except OSError: pass
        def serve(raw):
            try: client = context.wrap_socket(raw, server_side=True)
            except OSError: return raw.close()
            server = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
            threading.Thread(target=pump, args=(server, client), daemon=True).start()
            pump(client, server)
        listener = socket.create_server(("127.0.0.1", 0))
        open("port.new", "w").write(str(listener.getsockname()[1]))
        os.rename("port.new", "port")
        while True: threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
        """
}
