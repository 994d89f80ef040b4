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
    static let machine = JobMachine(rules: JobRules(polling: .fixed(interval: .milliseconds(100)), lease: lease, watchdog: watchdog))

    func score(_ member: String) async throws -> Int64? {
        try await redis.send(["ZSCORE", "{lh:00}:due", .string(member)]).text.flatMap { Double($0) }.map { Int64($0) }
    }

    func now() async throws -> Int64 {
        let time = try await redis.send(["TIME"]).elements ?? []
        return (time.first?.int ?? 0) * 1000 + (time.last?.int ?? 0) / 1000
    }
}

// MARK: - Jobs

extension TestStore {
    func request(
        _ name: String, _ priority: JobPriority = .normal, tenant: String = "default", parameters: String = #"{"report":"orders"}"#
    ) throws -> JobRequest {
        guard let id = JobID(name) else { throw TestServersError("bad name \(name)") }
        return JobRequest(
            id: id, provider: "acme", parameters: parameters, priority: priority, tenant: tenant, correlationID: "c-\(name)")
    }

    @discardableResult
    func admit(_ name: String, _ priority: JobPriority = .normal) async throws -> JobID {
        let request = try request(name, priority)
        _ = try await store.admit([request], watchdog: Self.watchdog)
        return request.id
    }

    func start(limit: Int = 10, lease: Duration = lease) async throws -> [ClaimedJob] {
        let taken = try await store.take(from: "acme", limit: limit, limits: StartLimits()).jobs
        let started = try await store.start(taken.map(\.id), lease: lease)
        try await store.settle(taken, started: Set(started.map(\.id)), from: "acme", limits: StartLimits())
        return started
    }

    func claim(lease: Duration = lease) async throws -> ClaimedTimers {
        try await store.claim(partition: 0, lease: lease, watchdog: Self.watchdog)
    }

    /// The jobs of a claim's wakes.
    func wakes(lease: Duration = lease) async throws -> [ClaimedJob] {
        try await claim(lease: lease).messages.flatMap { Wake.decode($0).jobs }
    }

    func apply(_ change: JobChange) async throws -> ChangeOutcome { try await store.apply([change])[0].get().withoutTimes }

    static func decision(_ event: JobEvent, _ job: ClaimedJob) throws -> JobDecision {
        guard let decision = machine.decide(event, in: job.state, random: 0.5) else {
            throw TestServersError("\(event) has no meaning in \(job.state.status)")
        }
        return decision
    }

    @discardableResult
    func decide(_ event: JobEvent, _ job: ClaimedJob, handle: String? = nil) async throws -> ChangeOutcome {
        try await apply(JobChange(job, Self.decision(event, job), detail: "x", exportHandle: handle))
    }

    /// The job after a decision that must be stored.
    func advanced(_ job: ClaimedJob, by event: JobEvent, handle: String? = nil) async throws -> ClaimedJob {
        let change = JobChange(job, try Self.decision(event, job), detail: "x", exportHandle: handle)
        guard case .applied(let version, _) = try await apply(change) else { throw TestServersError("\(job.id) is stale") }
        return change.stored(as: version)
    }

    /// A job that polls.
    func polling(_ name: String) async throws -> ClaimedJob { try await polling(request(name)) }

    func polling(_ request: JobRequest) async throws -> ClaimedJob {
        _ = try await store.admit([request], watchdog: Self.watchdog)
        guard let job = try await start().first(where: { $0.id == request.id }) else {
            throw TestServersError("\(request.id) did not start")
        }
        return try await advanced(job, by: .created(PollHints()), handle: #"{"id":"e1"}"#)
    }

    func ready(_ name: String) async throws -> ClaimedJob { try await advanced(polling(name), by: .ready) }

    func retry(_ id: JobID, fromStart: Bool = false) async throws -> Int64? {
        guard let job = try await store.job(id),
            let decision = Self.machine.decide(.retryRequested(fromStart: fromStart), in: job.state, random: 0)
        else { return nil }
        return try await store.retry(job, decision, detail: "retried")
    }
}

extension TestStore {
    /// The pieces of a job's history that no worker has taken away, in their order, and the lines of its record.
    func pieces(of id: JobID) async throws -> [String] {
        guard let recorded = try await store.recorded(id)?.history else { throw TestServersError("no job \(id)") }
        var pieces = [recorded.lines], next = recorded.before
        while let mark = next {
            guard let lines = try await store.trailLines(at: mark, of: id) else { throw TestServersError("\(id) has no lines at \(mark)") }
            pieces.append(lines.text)
            next = lines.before
        }
        return pieces.reversed()
    }

    func wholeHistory(of id: JobID) async throws -> [HistoryEntry] {
        HistoryEntry.ordered(try await pieces(of: id).flatMap { HistoryEntry.decode($0) })
    }
}

extension ChangeOutcome {
    /// For comparisons: how long a job had a status depends on the machine.
    var withoutTimes: ChangeOutcome { if case .applied(let version, _) = self { .applied(version: version) } else { self } }
}
