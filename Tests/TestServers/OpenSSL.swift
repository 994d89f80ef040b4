import Foundation
import Testing

/// A run of the openssl command in a folder.
public struct OpenSSL {
    private let process: pid_t

    /// - Parameter output: the file in the folder that receives its standard output.
    public init(_ arguments: [String], in folder: URL, output: String) throws {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, folder.appendingPathComponent(output).path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
        var words = (["env", "-C", folder.path, "openssl"] + arguments).map { strdup($0) } + [nil]
        defer { for word in words { free(word) } }
        var process = pid_t()
        try #require(posix_spawnp(&process, "env", &actions, nil, &words, environ) == 0)
        self.process = process
    }

    /// Its exit status after it has ended.
    @discardableResult
    public func wait() -> Int32 {
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0, errno == EINTR {}
        return status
    }

    public func terminate() {
        // The process inherits the signal mask of its parent, which may block SIGTERM.
        kill(process, SIGKILL)
        wait()
    }
}

/// A folder with a CA, a server's certificate for localhost and a client's.
public struct Certificates {
    private let folder = FileManager.default.temporaryDirectory.appendingPathComponent("http-tls-\(UUID().uuidString)")

    public init() throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try run(
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", "ca.key", "-out", "ca.pem",
            "-days", "2", "-subj", "/CN=test CA")
        try issue("server", "/CN=localhost", "subjectAltName=DNS:localhost,IP:127.0.0.1")
        try issue("client", "/CN=client", "extendedKeyUsage=clientAuth")
    }

    public func path(_ name: String) -> String { folder.appendingPathComponent(name).path }
    public func remove() { try? FileManager.default.removeItem(at: folder) /* a leftover in the temporary folder harms nobody */ }

    /// Runs `body` with the port of a TLS server that responds to each GET with a page.
    public func withServer(_ arguments: String..., body: (Int) async throws -> Void) async throws {
        let server = try OpenSSL(
            ["s_server", "-accept", "127.0.0.1:0", "-www", "-cert", "server.pem", "-key", "server.key"] + arguments, in: folder,
            output: "out")
        defer { server.terminate() }
        var port: Int?
        try await eventually(within: .seconds(30), "the TLS server listens") {
            let text = (try? String(contentsOfFile: path("out"), encoding: .utf8)) ?? ""  // not written yet
            guard text.hasSuffix("\n"), let line = text.split(separator: "\n").last, line.hasPrefix("ACCEPT") else { return false }
            port = line.split(separator: ":").last.flatMap { Int($0) }
            return port != nil
        }
        try await body(try #require(port))
    }

    private func issue(_ name: String, _ subject: String, _ extensions: String) throws {
        try Data(extensions.utf8).write(to: folder.appendingPathComponent("\(name).ext"))
        try run(
            "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", "\(name).key", "-out", "\(name).csr",
            "-subj", subject)
        try run(
            "x509", "-req", "-in", "\(name).csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2",
            "-extfile", "\(name).ext", "-out", "\(name).pem")
    }

    private func run(_ arguments: String...) throws {
        try #require(OpenSSL(arguments, in: folder, output: "log").wait() == 0)
    }
}
