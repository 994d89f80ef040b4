import Redis

extension StoreScript {
    /// | argument | meaning |
    /// |---|---|
    /// | name | of the orchestrator |
    /// | timeout | ms after which a silent one counts as gone |
    ///
    /// | reply | meaning |
    /// |---|---|
    /// | name | an orchestrator that is alive |
    static let membership = StoreScript(
        "membership", PackageResources.membership_lua, arguments: "name, timeout", reply: "each: name")
}

/// The orchestrators that are alive, so that they share the partitions. A hint: every one may claim everywhere.
public struct Membership: Sendable {
    let redis: Redis
    public let name: String
    /// A member that has not reported for so long counts as gone.
    public let timeout: Duration

    public init(redis: Redis, name: String, timeout: Duration = .seconds(5)) {
        self.redis = redis
        self.name = name
        self.timeout = timeout
    }

    /// Reports that this member is alive, and returns its place among the living and their number.
    public func renew() async throws(JobStoreError) -> (place: Int, members: Int) {
        let arguments: [RedisArgument] = [.string(name), .integer(timeout.milliseconds)]
        var names: [String] = []
        for element in try await redis.run(.membership, key: Keys.global(.orchestrators), arguments).elements {
            names.append(try element.string)
        }
        return (names.firstIndex(of: name) ?? 0, max(names.count, 1))
    }

    public func leave() async throws(JobStoreError) {
        _ = try await redis.send("leave the orchestrators", [["ZREM", Keys.global(.orchestrators), .string(name)]])
    }
}
