import EventThread
import ExportCore
import HTTPClient
import JobMessages
import JobStore
import Lifecycle
import Logging
import RabbitMQ
import Redis
import Sandbox
import TestServers

let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

/// All that orchestrators work with, for one test alone: a virtual host of RabbitMQ with the real queues, a database of Redis and a
/// sandbox. The test plays the submitter and the workers.
final class OrchestratorFixture: Sendable {
    let rabbitMQ: RabbitMQConfiguration
    let redisConfiguration: RedisConfiguration
    /// What orchestrators add to the provider file.
    let yaml: String
    let thread = EventThread(name: "orchestrator-test")
    let redis: Redis
    let store: JobStore
    /// As the command line has it.
    let interpreter: JobInterpreter
    let http: HTTPClient
    let publisher: Publisher
    let administrator: Administrator
    let sandbox: SandboxServer
    let sandboxURL: String

    static let deadline = Duration.seconds(30)
    static let partitions = 2

    /// - Parameters:
    ///   - sandbox: options, as `longhaul sandbox` takes them.
    ///   - provider: lines that the provider file has besides, or instead of its own.
    static func run(
        sandbox options: KeyValuePairs<String, String> = [:], provider lines: [String] = [],
        _ body: (OrchestratorFixture) async throws -> Void
    ) async throws {
        try await VirtualHost.run { host in
            var redis = try RedisConfiguration(url: SharedServers.redisURL)
            redis.database = SharedServers.nextRedisDatabase()
            try await run(RabbitMQConfiguration(url: host.url), redis, options, lines, body)
        }
    }

    /// With a provider file of the test's own, for an API that it scripts.
    static func run(file yaml: String, _ body: (OrchestratorFixture) async throws -> Void) async throws {
        try await VirtualHost.run { host in
            var redis = try RedisConfiguration(url: SharedServers.redisURL)
            redis.database = SharedServers.nextRedisDatabase()
            try await run(RabbitMQConfiguration(url: host.url), redis, [:], [], file: yaml, body)
        }
    }

    /// On servers that the test may kill.
    static func run(
        on servers: ServerGroup, sandbox options: KeyValuePairs<String, String> = [:], _ body: (OrchestratorFixture) async throws -> Void
    ) async throws {
        var redis = try RedisConfiguration(url: servers.value("LONGHAUL_REDIS_URL"))
        redis.commandTimeout = .seconds(3)
        try await run(RabbitMQConfiguration(url: servers.value("LONGHAUL_RABBITMQ_URL")), redis, options, [], body)
    }

    private static func run(
        _ rabbitMQ: RabbitMQConfiguration, _ redis: RedisConfiguration, _ options: KeyValuePairs<String, String>, _ lines: [String],
        file yaml: String? = nil, _ body: (OrchestratorFixture) async throws -> Void
    ) async throws {
        let fixture = try await OrchestratorFixture(rabbitMQ, redis, options, lines, yaml)
        do {
            try await body(fixture)
        } catch {
            await fixture.end()
            throw error
        }
        await fixture.end()
    }

    private init(
        _ rabbitMQ: RabbitMQConfiguration, _ redis: RedisConfiguration, _ options: KeyValuePairs<String, String>, _ lines: [String],
        _ yaml: String?
    ) async throws {
        self.rabbitMQ = rabbitMQ
        redisConfiguration = redis
        administrator = Administrator(rabbitMQ, logger: quiet)
        try await Topology.declare(with: administrator)
        publisher = Publisher(rabbitMQ, on: thread, logger: quiet)
        try await publisher.connect()
        self.redis = Redis(redis, on: thread, logger: quiet)
        try await self.redis.connect()
        _ = try await self.redis.send(["FLUSHDB"])
        store = JobStore(redis: self.redis, claims: self.redis, partitions: Self.partitions, on: thread)
        interpreter = JobInterpreter(store: store, reporter: TransitionReporter(logger: quiet))
        http = HTTPClient(HTTPClientConfiguration(egress: .all), on: thread, logger: quiet)

        var configuration = SandboxConfiguration()
        configuration.duration = .fixed(0)
        configuration.files = .fixed(2)
        configuration.bytesPerFile = .fixed(100)
        configuration.retryAfter = .off
        for (name, value) in options { try configuration.set(name, to: value) }
        sandbox = SandboxServer(configuration, logger: quiet)
        sandboxURL = "http://127.0.0.1:\(try await sandbox.start())"
        self.yaml = yaml ?? Self.providerFile(sandboxURL, lines)
    }

    private func end() async {
        await sandbox.stop()
        await publisher.shutdown()
        await administrator.shutdown()
        await redis.shutdown(within: .milliseconds(200))
        await http.shutdown()
        thread.stop()
    }

    /// - Parameter lines: top-level keys in flow style, which take the place of the file's own.
    private static func providerFile(_ sandbox: String, _ lines: [String]) -> String {
        let key = { (line: Substring) in line.prefix { $0 != ":" } }
        let replaced = Set(lines.map { key($0[...]) })
        let own = """
            create: { request: POST /exports, headers: { Idempotency-Key: "{{ .job.idempotencyKey }}" }, json: "{{ .parameters }}", export: { id: .response.body.id } }
            polling: { policy: fixed, interval: 100ms }
            retry: { attempts: 6, base: 10ms, cap: 50ms }
            breaker: { minimum: 1000 }
            """.split(separator: "\n").filter { !replaced.contains(key($0)) }
        let status = """
            status:
              request: GET /exports/{{ .export.id }}
              state: .response.body.status
              states: { queued: IN_QUEUE, running: IN_PROGRESS, ready: DONE, empty: NO_DATA, failed: [FATAL, CANCELLED] }
              progress: .response.body.percent
              # Known only from the answer that makes the job ready.
              export: { listed: .response.body.id }
              error: { code: '"quota-exceeded"', message: '"export \\(.response.body.id) has too many rows"' }
            """
        return """
            provider: acme
            baseURL: \(sandbox)/v2
            \(replaced.contains("status") ? "" : status)
            files:
              request: GET /exports/{{ .export.listed }}/files
              query: { page: "{{ .page // empty }}" }
              items: '.response.body.files[] | {name, url, bytes, sha256}'
              next: .response.body.nextPage
              refresh: true

            """ + (own.map(String.init) + lines).joined(separator: "\n") + "\n"
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
