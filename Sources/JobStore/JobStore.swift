import EventThread
import ExportCore
import Redis
import TraceContext

/// Jobs, their timers and their history in Redis.
///
/// Every change is one Lua script, which compares the version or the state that the caller read: fields, timer, counters, index and
/// history change together or not at all. What changes is decided by the machines of ExportCore; a script only compares and sets.
/// `Schema/` holds the keys and codecs, `Calls/` a file for each script of `Scripts/`, `Reads/` what changes nothing.
public struct JobStore: Sendable {
    /// For everything but claims.
    let redis: Redis
    /// Claims have their own connection, so that they do not queue behind a batch of changes.
    let claims: Redis
    let changes: ChangeBatcher
    public let partitions: Int
    /// How long a job is kept after its end.
    public let keep: Duration
    /// Who makes the changes, for the histories of jobs.
    let actor: String

    /// - Parameter actor: the name of the process; empty: nobody is named.
    public init(
        redis: Redis, claims: Redis, partitions: Int, keep: Duration = .seconds(7 * 86_400), actor: String = "", on thread: EventThread
    ) {
        self.redis = redis
        self.claims = claims
        self.partitions = partitions
        self.keep = keep
        self.actor = HistoryEntry.line(actor, atMost: 48)
        self.changes = ChangeBatcher(redis: redis, partitions: partitions, keep: keep, actor: self.actor, on: thread)
    }

    /// Whether the store batches its changes on this thread.
    public func runs(on thread: EventThread) -> Bool { changes.thread === thread }

    /// Why the store cannot do its work although its server answers, in words; `nil`: it can. Within the last minute Redis refused a command,
    /// because its user lacks the permission or because it takes no writes; or it was emptied.
    public func trouble() async -> String? {
        for connection in [redis, claims] {
            guard let denial = await connection.denial(within: .seconds(60)) else { continue }
            guard case .server(let refusal) = denial.kind, refusal.refusesWrites else {
                return "\(denial); give the user the permissions that `ops/secrets` writes"
            }
            return "Redis takes no writes: \(denial)" + (refusal.code == "OOM" ? "; raise maxmemory, or shorten LONGHAUL_KEEP" : "")
        }
        do throws(JobStoreError) {
            let layout = try await StoreLayout.read(redis)
            return layout.partitions == partitions ? nil : "the store has \(layout.partitions) partitions now, not \(partitions); restart"
        } catch {
            return "\(error)"
        }
    }

    func partition(of id: JobID) -> Int { id.partition(of: partitions) }
    func jobKey(_ id: JobID) -> RedisArgument { Keys.job(id, partition(of: id)) }
    func filesKey(_ id: JobID) -> RedisArgument { Keys.files(id, partition(of: id)) }

    func run(_ script: StoreScript, partition: Int, _ arguments: [RedisArgument]) async throws(JobStoreError) -> Reply {
        try await redis.run(script, key: Keys.due(partition), arguments)
    }

    func run(_ script: StoreScript, on id: JobID, _ arguments: [RedisArgument]) async throws(JobStoreError) -> Reply {
        try await run(script, partition: partition(of: id), arguments)
    }

    /// - Parameter key: a key that the caller may touch; the script derives the others from it.
    func run(
        _ script: StoreScript, provider: String, key: Keys.Provider = .turns, _ arguments: [RedisArgument]
    ) async throws(JobStoreError) -> Reply {
        try await redis.run(script, key: Keys.provider(provider, key), arguments)
    }

    /// Runs `body` for several partitions at once: calls that are awaited together cost one round trip, and one fsync of Redis.
    func eachPartition<Value: Sendable>(
        of ids: [JobID], _ body: @escaping @Sendable (Int, [Int]) async throws(JobStoreError) -> Value
    ) async throws(JobStoreError) -> [Value] {
        let groups = Dictionary(grouping: ids.indices) { partition(of: ids[$0]) }
        return try await withTaskGroup(of: Result<Value, JobStoreError>.self) { group in
            for (partition, members) in groups {
                group.addTask {
                    do throws(JobStoreError) { return .success(try await body(partition, members)) } catch { return .failure(error) }
                }
            }
            var values: [Result<Value, JobStoreError>] = []
            for await value in group { values.append(value) }
            return values
        }.map { (result) throws(JobStoreError) in try result.get() }
    }

    /// Sends commands that only read, or one command that changes something, in one round trip.
    func send(_ attempted: String, _ commands: [[RedisArgument]]) async throws(JobStoreError) -> [Reply] {
        try await redis.send(attempted, commands)
    }
}

extension Redis {
    /// - Parameter key: the first key; it determines the hash tag of the others.
    func run(_ script: StoreScript, key: RedisArgument, _ arguments: [RedisArgument]) async throws(JobStoreError) -> Reply {
        guard let parent = Traces.sampled, let span = ScriptSpan(script.name, on: server, below: parent) else {
            return try await runUntraced(script, key: key, arguments)
        }
        do throws(JobStoreError) {
            let reply = try await runUntraced(script, key: key, arguments)
            span.end()
            return reply
        } catch {
            span.end(error)
            throw error
        }
    }

    /// For calls that several callers share: each has a span of its own, or none.
    func runUntraced(_ script: StoreScript, key: RedisArgument, _ arguments: [RedisArgument]) async throws(JobStoreError) -> Reply {
        assert(script.arguments.allow(arguments.count), "\(script.name).lua takes \(script.arguments.header)")
        do {
            return Reply(try await run(script.script, keys: [key], arguments: arguments), of: script)
        } catch {
            throw JobStoreError(kind: .redis(error), attempted: script.name)
        }
    }

    func send(_ attempted: String, _ commands: [[RedisArgument]]) async throws(JobStoreError) -> [Reply] {
        do throws(RedisError) {
            let replies = try await send(all: commands)
            if let error = replies.lazy.compactMap(\.serverError).first {
                throw RedisError(.server(error), operation: attempted, server: "")
            }
            return replies.map { Reply($0, attempted) }
        } catch {
            throw JobStoreError(kind: .redis(error), attempted: attempted)
        }
    }
}
