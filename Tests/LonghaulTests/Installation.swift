import Foundation
import TestServers
import Testing

/// The built program with its own servers and settings: a virtual host of RabbitMQ, a database of Redis and a provider file.
struct Installation: Sendable {
    let folder: URL
    var environment: [String: String]

    /// In the folder of the test bundle, where the build puts all products.
    static var program: String {
        URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent().appending(path: "longhaul").path
    }

    static let deadline = Duration.seconds(60)

    static func run(_ body: (Installation) async throws -> Void) async throws {
        try await VirtualHost.run { host in
            try await run(["LONGHAUL_RABBITMQ_URL": host.url, "LONGHAUL_REDIS_URL": SharedServers.emptyRedisDatabase()], body)
        }
    }

    /// On servers that the test may kill.
    static func run(on servers: ServerGroup, _ body: (Installation) async throws -> Void) async throws {
        try await run(servers.environment, body)
    }

    private static func run(_ servers: [String: String], _ body: (Installation) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "longhaul-installation-\(UUID().uuidString)")
        let providers = folder.appending(path: "providers")
        try FileManager.default.createDirectory(at: providers, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }  // the system deletes leftovers
        let own = [
            "LONGHAUL_PROVIDERS": providers.path, "LONGHAUL_OUTPUT": folder.appending(path: "out").absoluteString,
            "LONGHAUL_EGRESS": "127.0.0.0/8", "LONGHAUL_LOG_FORMAT": "text", "LONGHAUL_HEALTH_PORT": "0", "LONGHAUL_LEASE": "3s",
        ]
        let installation = Installation(folder: folder, environment: own.merging(servers) { $1 })
        try installation.writeProvider(baseURL: "http://127.0.0.1:9")
        try await body(installation)
    }

    /// Runs a command and waits for its end.
    func longhaul(_ arguments: String..., setting changes: [String: String] = [:]) async throws -> ChildProcess.Ended {
        try await start(arguments, setting: changes).end(within: Self.deadline)
    }

    func start(_ arguments: [String], setting changes: [String: String] = [:]) throws -> ChildProcess {
        try ChildProcess.start(Self.program, arguments, environment: environment.merging(changes) { $1 })
    }

    func write(_ text: String, to name: String) throws -> String {
        let file = folder.appending(path: name)
        try text.write(to: file, atomically: true, encoding: .utf8)
        return file.path
    }

    /// - Parameter more: additional lines of the file.
    func writeProvider(baseURL: String, more: String = "") throws {
        let yaml = """
            provider: acme
            baseURL: \(baseURL)/v2
            create:
              request: POST /exports
              headers: { Idempotency-Key: "{{ .job.idempotencyKey }}" }
              json: "{{ .parameters }}"
              export: { id: .response.body.id }
            status:
              request: GET /exports/{{ .export.id }}
              state: .response.body.status
              states: { queued: IN_QUEUE, running: IN_PROGRESS, ready: DONE, empty: NO_DATA, failed: [FATAL, CANCELLED] }
            files:
              request: GET /exports/{{ .export.id }}/files
              items: '.response.body.files[] | {name, url, bytes, sha256}'
              refresh: true
            polling: { policy: fixed, interval: 200ms }
            retry: { attempts: 6, base: 10ms, cap: 50ms }

            """ + more
        _ = try write(yaml, to: "providers/acme.yaml")
    }
}

extension ChildProcess {
    /// The port of health and metrics of a role started with port 0, from its log.
    func healthPort() async throws -> Int {
        try await eventually(within: Installation.deadline, "the health server") {
            try (errors + output).firstMatch(of: /"port":"?(\d+)/).flatMap { Int($0.1) }
        }
    }
}

extension ChildProcess.Ended {
    /// The objects in an output with one JSON object per line.
    func objects() throws -> [[String: Any]] {
        try output.split(separator: "\n").map { line in
            try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any], "\(line)")
        }
    }

    /// The error message, which must be exactly one line.
    func problem() throws -> String {
        let lines = errors.split(separator: "\n")
        try #require(lines.count == 1, "\(errors)")
        return String(lines[0])
    }
}
