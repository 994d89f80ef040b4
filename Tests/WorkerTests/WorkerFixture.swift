import AWSSignature
import EventThread
import ExportCore
import Foundation
import HTTPClient
import JobMessages
import JobStore
import Lifecycle
import Logging
import ObjectStorage
import ProviderAPI
import RabbitMQ
import Redis
import Sandbox
import ServiceLifecycle
import TestServers

@testable import Worker

let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

/// Everything that a worker needs, for one test alone: a Redis server, a virtual host of RabbitMQ with the download queues, a bucket
/// and a sandbox. The test itself acts as the orchestrator: it lists the files and publishes what is due according to the store.
final class WorkerFixture: Sendable {
    let thread = EventThread(name: "worker-test")
    let servers: ServerGroup
    let rabbitMQ: RabbitMQConfiguration
    let redis: Redis
    let store: JobStore
    let http: HTTPClient
    let storage: S3Storage
    let provider: ProviderClient
    let publisher: Publisher
    /// As an orchestrator has them.
    let files: FileInterpreter
    let jobs: JobInterpreter
    let administrator: Administrator
    let sandbox: SandboxServer
    let sandboxURL: String

    static let deadline = Duration.seconds(30)

    /// - Parameters:
    ///   - sandbox: options, as for `longhaul sandbox`.
    ///   - provider: additional lines of the provider file.
    ///   - secrets: by name.
    static func run(
        sandbox options: KeyValuePairs<String, String> = [:], provider lines: String = "", secrets: [String: String] = [:],
        _ body: (WorkerFixture) async throws -> Void
    ) async throws {
        try await ServerGroup.run([.redis]) { servers in
            let fixture = try await WorkerFixture(servers, options, lines, secrets)
            do {
                try await body(fixture)
            } catch {
                try await fixture.end()
                throw error
            }
            try await fixture.end()
        }
    }

    private init(_ servers: ServerGroup, _ options: KeyValuePairs<String, String>, _ lines: String, _ secrets: [String: String])
        async throws
    {
        self.servers = servers
        http = HTTPClient(HTTPClientConfiguration(egress: .all), on: thread, logger: quiet)
        rabbitMQ = try await Self.virtualHost(http)
        administrator = Administrator(rabbitMQ, logger: quiet)
        for queue in QueueNames.allDownloads + [QueueNames.deadDownloads, QueueNames.deadJobs] {
            try await administrator.declare(QueueDeclaration(queue))
        }
        publisher = Publisher(rabbitMQ, on: thread, logger: quiet)
        try await publisher.connect()

        redis = Redis(try RedisConfiguration(url: servers.value("LONGHAUL_REDIS_URL")), on: thread, logger: quiet)
        try await redis.connect()
        store = JobStore(redis: redis, claims: redis, partitions: 1, on: thread)
        let reporter = TransitionReporter(logger: quiet)
        let letters = FailureLetters(
            store: store, office: DeadLetterOffice(publisher: publisher), metrics: reporter.metrics, logger: quiet)
        let downloads = DownloadPublisher(publisher: publisher, metrics: reporter.metrics, logger: quiet)
        files = FileInterpreter(store: store, letters: letters, downloads: downloads, reporter: reporter)
        jobs = JobInterpreter(
            store: store, letters: letters, downloads: downloads, effects: TimerBringsItBack(), reporter: reporter, lease: .seconds(30))

        let credentials = AWSCredentials(
            accessKeyID: try SharedServers.value("AWS_ACCESS_KEY_ID"), secretAccessKey: try SharedServers.value("AWS_SECRET_ACCESS_KEY"))
        let bucket = "worker-\(UUID().uuidString.lowercased())"
        storage = S3Storage(
            try S3Configuration(bucket: bucket, prefix: "out", credentials: credentials, endpoint: SharedServers.s3Endpoint), http: http,
            logger: quiet)
        try await storage.createBucketIfMissing()

        var configuration = SandboxConfiguration()
        configuration.duration = .fixed(0)
        for (name, value) in options { try configuration.set(name, to: value) }
        sandbox = SandboxServer(configuration, logger: quiet)
        sandboxURL = "http://127.0.0.1:\(try await sandbox.start())"
        let retry = lines.contains("retry:") ? "" : "retry: { attempts: 4, base: 10ms, cap: 50ms }\n"
        let yaml = Self.yaml.replacing("BASE", with: sandboxURL) + retry + lines
        provider = try await ProviderClient.open(
            try ProviderSource(yaml: yaml, file: "acme.yaml"), http: http, on: thread, secrets: .environment(secrets))
    }

    private static let yaml = """
        provider: acme
        baseURL: BASE/v2
        create:
          request: POST /exports
          export: { id: .response.body.id }
        status:
          request: GET /exports/{{ .export.id | @uri }}
          state: .response.body.status
          states: { queued: [IN_QUEUE], running: [IN_PROGRESS], ready: [DONE], empty: [NO_DATA], failed: [FATAL, CANCELLED] }
        files:
          request: GET /exports/{{ .export.id | @uri }}/files
          items: '.response.body.files[] | {name, url, bytes, sha256}'
          refresh: true

        """

    /// A virtual host that no other test uses.
    private static func virtualHost(_ http: HTTPClient) async throws -> RabbitMQConfiguration {
        var configuration = try RabbitMQConfiguration(url: SharedServers.rabbitMQURL)
        configuration.virtualHost = "worker-\(UUID().uuidString)"
        configuration.connectionName = "worker-test"
        let host = configuration.virtualHost
        try await manage(http, .put, "vhosts/\(host)", "{}")
        try await manage(
            http, .put, "permissions/\(host)/\(configuration.user)", #"{"configure":".*","write":".*","read":".*"}"#)
        return configuration
    }

    private static func manage(_ http: HTTPClient, _ method: HTTPMethod, _ path: String, _ body: String) async throws {
        let management = try URLComponents(string: SharedServers.rabbitMQManagementURL).unwrapped("the management URL")
        let credentials = Data("\(management.user ?? ""):\(management.password ?? "")".utf8).base64EncodedString()
        let url = "http://\(management.host ?? ""):\(management.port ?? 80)/api/\(path)"
        let response = try await http.send(
            HTTPRequest(
                method, url, headers: [("Authorization", "Basic \(credentials)"), ("Content-Type", "application/json")],
                body: .bytes(Array(body.utf8))))
        guard (200...299).contains(response.status) else { throw FixtureError("\(method.rawValue) \(path) answered \(response.status)") }
    }

    private func end() async throws {
        await sandbox.stop()
        await publisher.shutdown()
        await administrator.shutdown()
        try await Self.manage(http, .delete, "vhosts/\(rabbitMQ.virtualHost)", "")
        await redis.shutdown(within: .milliseconds(200))
        await http.shutdown()
        thread.stop()
    }
}

struct FixtureError: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

extension Optional {
    func unwrapped(_ what: String) throws -> Wrapped {
        guard let self else { throw FixtureError("there is no \(what)") }
        return self
    }
}
