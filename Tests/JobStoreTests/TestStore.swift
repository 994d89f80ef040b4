import EventThread
import ExportCore
import JobStore
import Logging
import Redis
import TestServers

/// A store in a database of its own, on the shared Redis.
struct TestStore: Sendable {
    let store: JobStore
    let redis: Redis
    let thread: EventThread

    /// - Parameter url: of another Redis than the shared one.
    static func run(
        partitions: Int = 1, keep: Duration = .seconds(60), redis url: String? = nil, _ body: (TestStore) async throws -> Void
    ) async throws {
        let thread = EventThread(name: "store-test")
        var configuration = try RedisConfiguration(url: url ?? SharedServers.redisURL)
        configuration.database = SharedServers.nextRedisDatabase()
        let redis = Redis(configuration, on: thread, logger: Logger(label: "test"))
        try await redis.connect()
        _ = try await redis.send(["FLUSHDB"])
        let store = JobStore(redis: redis, claims: redis, partitions: partitions, keep: keep, on: thread)
        try await body(TestStore(store: store, redis: redis, thread: thread))
        await redis.shutdown()
        thread.stop()
    }

    static let lease = Duration.seconds(30)
    static let watchdog = Duration.seconds(60)
    static let machine = JobStateMachine(rules: JobRules(polling: .fixed(interval: .milliseconds(100)), lease: lease, watchdog: watchdog))

    func job(_ name: String, _ priority: JobPriority = .normal) throws -> NewJob {
        guard let id = JobID(name) else { throw TestServersError("bad name \(name)") }
        return NewJob(id: id, provider: "acme", parameters: #"{"report":"orders"}"#, priority: priority, correlationID: "c-\(name)")
    }

    @discardableResult
    func admit(_ name: String, _ priority: JobPriority = .normal) async throws -> JobID {
        let job = try job(name, priority)
        _ = try await store.admit([job], watchdog: Self.watchdog)
        return job.id
    }

    func start(limit: Int = 10, lease: Duration = lease) async throws -> [ExportJob] {
        let taken = try await store.take(from: "acme", limit: limit, limits: StartLimits()).jobs
        let started = try await store.start(taken.map(\.id), lease: lease)
        try await store.settle(taken, started: Set(started.map(\.id)), from: "acme", limits: StartLimits())
        return started
    }

    func claim(lease: Duration = lease) async throws -> ClaimedTimers {
        try await store.claim(partition: 0, lease: lease, watchdog: Self.watchdog)
    }

    /// The wakes of a claim.
    func wakes(lease: Duration = lease) async throws -> [Wake] { try await claim(lease: lease).messages.flatMap { Wake.decode($0).wakes } }

    @discardableResult
    func decide(_ event: JobEvent, _ id: JobID, version: Int64, _ state: JobState, handle: String? = nil) async throws -> ChangeOutcome {
        guard let decision = Self.machine.decide(event, in: state, random: 0.5) else {
            throw TestServersError("\(event) has no meaning in \(state.status)")
        }
        return try await store.apply(
            JobChange(id: id, version: version, from: state, decision: decision, detail: "x", exportHandle: handle))
    }

    /// A job that polls, and its version.
    func polling(_ name: String) async throws -> (id: JobID, version: Int64) {
        let id = try await admit(name)
        guard let job = try await start().first(where: { $0.id == id }) else { throw TestServersError("\(name) did not start") }
        guard
            case .applied(let version) = try await decide(
                .created(PollHints()), id, version: job.version, job.state, handle: #"{"id":"e1"}"#)
        else {
            throw TestServersError("\(name) is stale")
        }
        return (id, version)
    }

    /// A job in PROCESSING with files that wait for workers.
    func processing(_ name: String, files: [String]) async throws -> JobID {
        let (id, version) = try await polling(name)
        try await decide(.ready, id, version: version, JobState(status: .polling))
        let state = JobState(status: .ready)
        guard let decision = Self.machine.decide(.pageListed(isLast: true), in: state, random: 0) else { return id }
        _ = try await store.addFiles(files.map(Self.file), to: id, version: version + 1, decision: decision, cursor: nil)
        return id
    }

    static func file(_ name: String) -> FileTask {
        FileTask(name: name, url: "https://x.example/\(name)?sig=1", bytes: 3, listedName: name)
    }

    func claimFile(_ index: Int, _ id: JobID, lease: Duration = lease, maxAttempts: Int = 5) async throws -> ClaimedFile? {
        guard case .claimed(let file) = try await store.claimFile(index, of: id, lease: lease, maxAttempts: maxAttempts) else { return nil }
        return file
    }

    func score(_ member: String) async throws -> Int64? {
        try await redis.send(["ZSCORE", "{lh:00}:due", .string(member)]).text.flatMap { Double($0) }.map { Int64($0) }
    }

    func now() async throws -> Int64 {
        let time = try await redis.send(["TIME"]).elements ?? []
        return (time.first?.int ?? 0) * 1000 + (time.last?.int ?? 0) / 1000
    }
}
