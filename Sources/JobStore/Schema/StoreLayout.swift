import Redis

/// What `longhaul setup` fixes for a store.
public struct StoreLayout: Sendable, Equatable {
    /// The number of partitions of the keys; each has its own hash tag.
    public var partitions: Int
    /// The version of the key schema.
    public var schema: Int

    public static let presentSchema = 3

    public init(partitions: Int = 16, schema: Int = StoreLayout.presentSchema) {
        self.partitions = partitions
        self.schema = schema
    }

    private static let key = Keys.global(.meta)

    /// Writes the layout unless there is one, and loads the scripts.
    /// - Throws: `.mismatch` when the store has another layout: jobs would be looked up in the wrong partitions.
    public func setUp(_ redis: Redis) async throws(JobStoreError) {
        do throws(RedisError) {
            _ = try await redis.send(["HSETNX", Self.key, "partitions", .integer(Int64(partitions))])
            _ = try await redis.send(["HSETNX", Self.key, "schema", .integer(Int64(schema))])
            for script in StoreScript.all { _ = try await redis.send(["SCRIPT", "LOAD", .string(script.script.source)]) }
        } catch {
            throw JobStoreError(kind: .redis(error), attempted: "setup")
        }
        let stored = try await Self.read(redis)
        guard stored == self else {
            throw JobStoreError(
                kind: .mismatch(
                    "this Redis was set up with \(stored.partitions) partitions, not \(partitions); "
                        + "set LONGHAUL_PARTITIONS=\(stored.partitions), or use another database"),
                attempted: "setup")
        }
    }

    /// - Throws: `.notSetUp`, or `.mismatch` when this program does not know the schema.
    public static func read(_ redis: Redis) async throws(JobStoreError) -> StoreLayout {
        let value: RESPValue
        do {
            value = try await redis.send(["HGETALL", key])
        } catch {
            throw JobStoreError(kind: .redis(error), attempted: "reading the layout")
        }
        let fields = try Reply(value, "reading the layout").hash
        guard let partitions = fields["partitions"].flatMap({ Int($0) }), let schema = fields["schema"].flatMap({ Int($0) }) else {
            throw JobStoreError(kind: .notSetUp, attempted: "reading the layout")
        }
        guard schema == presentSchema, partitions > 0 else {
            throw JobStoreError(
                kind: .mismatch(
                    "this Redis holds a store of schema \(schema) with \(partitions) partitions, and this program knows schema \(presentSchema); use "
                        + "another database, or let the version that set it up end its jobs, empty the database and run `longhaul setup`"),
                attempted: "reading the layout")
        }
        return StoreLayout(partitions: partitions, schema: schema)
    }
}
