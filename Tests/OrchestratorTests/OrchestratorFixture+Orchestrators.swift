import EventThread
import HTTPClient
import JobStore
import ProviderAPI
import Redis
import ServiceLifecycle
import TestServers

@testable import Orchestrator

/// An orchestrator that runs, with a thread and connections of its own, as in a process of its own.
struct RunningOrchestrator: Sendable {
    let service: OrchestratorService
    let group: ServiceGroup
    let task: Task<Void, any Error>

    /// As SIGTERM would; returns when `run` has.
    func shutDown() async throws {
        await group.triggerGracefulShutdown()
        try await task.value
    }

    /// Ends without finishing the work in progress if the grace is zero.
    func cancel() async {
        task.cancel()
        _ = await task.result
    }
}

extension OrchestratorFixture {
    static func configuration(
        _ name: String = "a", lease: Duration = .seconds(20), watchdog: Duration = .seconds(20), wakesInFlight: Int = 500,
        createsInFlight: Int = 64, maxFiles: Int = 1000, shutdownGrace: Duration = .seconds(5)
    ) -> OrchestratorConfiguration {
        OrchestratorConfiguration(
            name: name, lease: lease, watchdog: watchdog, tick: .milliseconds(10), wakesInFlight: wakesInFlight,
            createsInFlight: createsInFlight, maxFiles: maxFiles, shutdownGrace: shutdownGrace)
    }

    /// Runs an orchestrator while `body` does, and shuts it down.
    func withOrchestrator(
        _ configuration: OrchestratorConfiguration = configuration(), redis: RedisConfiguration? = nil,
        _ body: (RunningOrchestrator) async throws -> Void
    ) async throws {
        let orchestrator = try await start(configuration, redis: redis)
        do {
            try await body(orchestrator)
        } catch {
            await orchestrator.cancel()
            throw error
        }
        try await orchestrator.shutDown()
    }

    /// - Parameter other: instead of the fixture's own: another user, say.
    func start(_ configuration: OrchestratorConfiguration, redis other: RedisConfiguration? = nil) async throws -> RunningOrchestrator {
        let redisConfiguration = other ?? redisConfiguration
        let thread = EventThread(name: "orchestrator-\(configuration.name)")
        let redis = Redis(redisConfiguration, on: thread, logger: quiet)
        let claims = Redis(redisConfiguration, on: thread, logger: quiet)
        try await redis.connect()
        try await claims.connect()
        // As `longhaul orchestrator` has it.
        let httpThread = EventThread(name: "http-\(configuration.name)")
        let http = HTTPClient(HTTPClientConfiguration(egress: .all), on: httpThread, logger: quiet)
        let provider = try await ProviderClient.open(
            try ProviderSource(yaml: yaml, file: "acme.yaml"), http: http, on: thread, secrets: .environment([:]))
        let service = OrchestratorService(
            configuration: configuration, rabbitMQ: rabbitMQ,
            store: JobStore(redis: redis, claims: claims, partitions: Self.partitions, on: thread),
            membership: Membership(redis: redis, name: configuration.name, timeout: .seconds(2)), providers: ["acme": provider],
            webhooks: http,
            thread: thread, logger: quiet)
        let group = ServiceGroup(configuration: ServiceGroupConfiguration(services: [.init(service: service)], logger: quiet))
        let task = Task {
            let result: Result<Void, any Error>
            do { result = .success(try await group.run()) } catch { result = .failure(error) }
            await redis.shutdown(within: .milliseconds(200))
            await claims.shutdown(within: .milliseconds(200))
            await http.shutdown(within: .zero)
            httpThread.stop()
            thread.stop()
            try result.get()
        }
        return RunningOrchestrator(service: service, group: group, task: task)
    }
}
