import EventThread
import ExportCore
import Redis

/// Jobs, their timers and their history in Redis.
///
/// Every change is one Lua script, which carries the version that the caller read: fields, timer, counters, index and history
/// change together or not at all. All keys of a job have one hash tag, `{lh:NN}`, NN being the partition of its name; see
/// `ops/docs/store.md` for the keys.
public struct JobStore: Sendable {
    /// For everything but claims.
    let redis: Redis
    /// Claims have a connection of their own: they must not queue behind a batch of changes.
    let claims: Redis
    let changes: ChangeBatcher
    public let partitions: Int
    /// How long a job is remembered after its end.
    public let keep: Duration

    public init(redis: Redis, claims: Redis, partitions: Int, keep: Duration = .seconds(7 * 86_400), on thread: EventThread) {
        self.redis = redis
        self.claims = claims
        self.partitions = partitions
        self.keep = keep
        self.changes = ChangeBatcher(redis: redis, keep: keep, on: thread)
    }

    /// Whether what is called back is called back there.
    public func runs(on thread: EventThread) -> Bool { changes.thread === thread }

    /// What Redis has just refused because its user may not do it, in words; `nil` when nothing was in the last minute.
    public func denial() async -> String? {
        for connection in [redis, claims] {
            guard let denial = await connection.denial(within: .seconds(60)) else { continue }
            return "\(denial); give the user the permissions that `ops/secrets` writes"
        }
        return nil
    }

    func partition(of id: JobID) -> Int { id.partition(of: partitions) }

    static func tag(_ partition: Int) -> String { partition < 10 ? "{lh:0\(partition)}:" : "{lh:\(partition)}:" }
    static func dueKey(_ partition: Int) -> RedisArgument { .string(tag(partition) + "due") }

    func run(
        _ script: RedisScript, partition: Int, _ arguments: [RedisArgument], on connection: Redis? = nil
    ) async throws(JobStoreError) -> RESPValue {
        do {
            return try await (connection ?? redis).run(script, keys: [Self.dueKey(partition)], arguments: arguments)
        } catch {
            throw JobStoreError(kind: .redis(error), attempted: script.name)
        }
    }

    /// Does something in several partitions at once: what is waited for together costs one round trip, and one fsync of Redis.
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

    func send(_ attempted: String, _ commands: [[RedisArgument]]) async throws(JobStoreError) -> [RESPValue] {
        do throws(RedisError) {
            let answers = try await redis.send(all: commands)
            if let error = answers.lazy.compactMap(\.serverError).first {
                throw RedisError(.server(error), operation: attempted, server: "")
            }
            return answers
        } catch {
            throw JobStoreError(kind: .redis(error), attempted: attempted)
        }
    }
}
