import EventThread
import ExportCore
import JobMessages
import JobStore
import Lifecycle
import Logging
import RabbitMQ
import Redis
import Synchronization
import TestServers

private let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

/// An interpreter between a real store and a real broker, each for one test alone.
struct LifecycleFixture: Sendable {
    let store: JobStore
    let redis: Redis
    let database: Int
    let administrator: Administrator
    let effects = RecordedEffects()
    let jobs: JobInterpreter
    let files: FileInterpreter

    static let machine = JobMachine(rules: JobRules(polling: .fixed(interval: .seconds(60))))

    static func run(_ body: (LifecycleFixture) async throws -> Void) async throws {
        try await VirtualHost.run { host in
            let thread = EventThread(name: "lifecycle-test")
            var configuration = try RedisConfiguration(url: SharedServers.redisURL)
            configuration.database = SharedServers.nextRedisDatabase()
            let redis = Redis(configuration, on: thread, logger: quiet)
            try await redis.connect()
            _ = try await redis.send(["FLUSHDB"])
            let rabbitMQ = try RabbitMQConfiguration(url: host.url)
            let administrator = Administrator(rabbitMQ, logger: quiet)
            try await Topology.declare(with: administrator)
            let publisher = Publisher(rabbitMQ, on: thread, logger: quiet)
            try await publisher.connect()
            try await body(LifecycleFixture(redis, configuration.database, administrator, publisher, thread))
            await publisher.shutdown()
            await administrator.shutdown()
            await redis.shutdown()
            thread.stop()
        }
    }

    private init(_ redis: Redis, _ database: Int, _ administrator: Administrator, _ publisher: Publisher, _ thread: EventThread) {
        self.redis = redis
        self.database = database
        self.administrator = administrator
        store = JobStore(redis: redis, claims: redis, partitions: 1, on: thread)
        let reporter = TransitionReporter(logger: quiet)
        let letters = FailureLetters(
            store: store, office: DeadLetterOffice(publisher: publisher), metrics: reporter.metrics, logger: quiet)
        let downloads = DownloadPublisher(publisher: publisher, metrics: reporter.metrics, logger: quiet)
        jobs = JobInterpreter(store: store, letters: letters, downloads: downloads, effects: effects, reporter: reporter)
        files = FileInterpreter(store: store, letters: letters, downloads: downloads, reporter: reporter)
    }

    func depth(_ queue: String) async throws -> Int { try await administrator.depth(queue).messages }

    /// A job whose creation is claimed.
    func started(_ name: String) async throws -> ClaimedJob {
        guard let id = JobID(name) else { throw TestServersError("bad name \(name)") }
        _ = try await store.admit([JobRequest(id: id, provider: "acme")], watchdog: .seconds(60))
        let taken = try await store.take(from: "acme", limit: 1, limits: StartLimits(), lease: .seconds(30))
        guard let job = try await store.start(taken.ids, lease: .seconds(30)).first else { throw TestServersError("\(name) did not start") }
        return job
    }

    func stored(_ event: JobEvent, _ job: ClaimedJob) async throws -> ClaimedJob {
        guard let next = await jobs.carryOut(event, for: job, by: Self.machine, random: 0, exportHandle: #"{"id":"e"}"#) else {
            throw TestServersError("\(event) was not stored")
        }
        return next
    }
}

/// Remembers what a service would be asked to do.
final class RecordedEffects: JobEffects {
    private let calls = Mutex<[String]>([])

    var all: [String] { calls.withLock { $0 } }

    func listFiles(of job: ClaimedJob, with interpreter: JobInterpreter) async { calls.withLock { $0.append("listFiles") } }
    func lineUp(_ job: ClaimedJob) async { calls.withLock { $0.append("lineUp") } }
    func timerSet(for job: ClaimedJob, after delay: Duration) async {}
    func learn(_ observed: ObservedDuration, of job: ClaimedJob) async { calls.withLock { $0.append("learn \(observed)") } }
    func releasePlace(of job: ClaimedJob) async { calls.withLock { $0.append("releasePlace") } }
}
