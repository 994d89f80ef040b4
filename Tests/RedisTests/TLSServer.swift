import Foundation
import Redis
import TestServers

/// A test's own Redis server with TLS only. Its certificate is for `localhost` and 127.0.0.1.
struct TLSServer {
    let port: UInt16
    let certificates: Certificates
    private let process: ChildProcess

    /// - Parameter arguments: for redis-server.
    static func run(
        _ arguments: [String] = [], isolation: isolated (any Actor)? = #isolation, body: (TLSServer) async throws -> Void
    ) async throws {
        let certificates = try await Certificates.make()
        let server = try await start(certificates, arguments)
        let outcome: Result<Void, any Error>
        do {
            outcome = .success(try await body(server))
        } catch {
            outcome = .failure(error)
        }
        // Not SIGTERM: threads of the concurrency pool block it, and the child inherits that.
        server.process.send(SIGKILL)
        _ = try await server.process.end(within: .seconds(10))
        try FileManager.default.removeItem(at: certificates.folder)
        try outcome.get()
    }

    func freeze() async throws { try await process.freeze() }
    func thaw() { process.send(SIGCONT) }

    /// For a `Fixture` whose clients trust this server's authority.
    func url(_ host: String = "localhost") -> String { "rediss://\(host):\(port)/0" }
    func trust(_ configuration: inout RedisConfiguration) { configuration.tls?.authorityFile = certificates.path("ca.pem") }

    private static func start(_ certificates: Certificates, _ arguments: [String]) async throws -> TLSServer {
        // Another process may take a free port first.
        for _ in 0..<5 {
            let port = try freePort()
            let process = try ChildProcess.start(
                "/usr/bin/env",
                [
                    "redis-server", "--port", "0", "--tls-port", "\(port)", "--bind", "127.0.0.1", "127.0.0.2", "--save", "",
                    "--tls-ca-cert-file", certificates.path("ca.pem"), "--tls-cert-file", certificates.path("server.pem"),
                    "--tls-key-file", certificates.path("server.key"), "--tls-auth-clients", "no",
                ] + arguments)
            try await eventually(within: .seconds(30), "redis-server answers or ends") {
                try !process.isRunning || process.output.contains("Ready to accept connections")
            }
            if process.isRunning { return TLSServer(port: port, certificates: certificates, process: process) }
            _ = try await process.end(within: .seconds(10))
        }
        throw TestServersError("redis-server found no free port for TLS")
    }

    private static func freePort() throws -> UInt16 {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(listener) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, length) == 0 && getsockname(listener, $0, &length) == 0
            }
        }
        guard isBound else { throw TestServersError("no free port") }
        return UInt16(bigEndian: address.sin_port)
    }
}

/// PEM files, `NAME.pem` and `NAME.key`: two authorities, and the certificates of the first. The key of `locked` has a passphrase.
struct Certificates {
    let folder: URL

    func path(_ name: String) -> String { folder.appending(path: name).path }

    static func make() async throws -> Certificates {
        let folder = FileManager.default.temporaryDirectory.appending(path: "longhaul-certificates-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let certificates = Certificates(folder: folder)
        let signed = ["-CA", certificates.path("ca.pem"), "-CAkey", certificates.path("ca.key")]
        try await certificates.make("ca", ["-noenc"])
        try await certificates.make("stranger", ["-noenc"])
        try await certificates.make("server", ["-noenc", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"] + signed)
        try await certificates.make("client", ["-noenc"] + signed)
        try await certificates.make("locked", ["-passout", "pass:hush"] + signed)
        return certificates
    }

    private func make(_ name: String, _ arguments: [String]) async throws {
        let openssl = try ChildProcess.start(
            "/usr/bin/env",
            [
                "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-days", "2", "-subj", "/CN=\(name)",
                "-keyout", path("\(name).key"), "-out", path("\(name).pem"),
            ] + arguments)
        let ended = try await openssl.end(within: .seconds(30))
        guard ended.status == 0 else { throw TestServersError("openssl: \(ended.errors)") }
    }
}
