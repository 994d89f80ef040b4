import EventThread
import JobStore
import Lifecycle
import Logging
import Redis

/// A checked connection to the store.
struct StoreConnection {
    let store: JobStore
    /// For operators' acts; what it leaves to be done, an orchestrator does.
    let interpreter: JobInterpreter
    let redis: Redis
    private let claims: Redis

    /// - Throws: a `Problem` that names the setting.
    static func open(_ settings: Settings, name: String, on thread: EventThread, logger: Logger) async throws -> StoreConnection {
        let configuration = try settings.redis(clientName: name)
        let redis = Redis(configuration, on: thread, logger: logger)
        let claims = Redis(configuration, on: thread, logger: logger)
        do {
            try await redis.connect()
            try await claims.connect()
            let layout = try await StoreLayout.read(redis)
            let keep = try settings.duration("LONGHAUL_KEEP", .seconds(1) ... .seconds(3650 * 86_400))
            let store = JobStore(
                redis: redis, claims: claims, partitions: layout.partitions, keep: keep, actor: try actor(settings, name), on: thread)
            let interpreter = JobInterpreter(store: store, reporter: TransitionReporter(logger: logger))
            return StoreConnection(store: store, interpreter: interpreter, redis: redis, claims: claims)
        } catch let error as RedisError {
            await redis.shutdown()
            await claims.shutdown()
            throw Problem.unavailable("LONGHAUL_REDIS_URL: \(error)")
        } catch let error as JobStoreError {
            await redis.shutdown()
            await claims.shutdown()
            throw Problem.unavailable("LONGHAUL_REDIS_URL: \(error)")
        }
    }

    /// Who makes the changes, as the histories of jobs name it: `worker HOST-PID`, or the user of a command.
    private static func actor(_ settings: Settings, _ name: String) throws -> String {
        let role = name.replacing("longhaul-", with: "")
        return ["orchestrator", "worker"].contains(role) ? "\(role) \(try settings.processName())" : Operator.name
    }

    func close() async {
        await store.flush()
        await redis.shutdown()
        await claims.shutdown()
    }
}
