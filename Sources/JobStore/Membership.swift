import Redis

/// Which orchestrators live, so that they share the partitions. A hint: every one may claim everywhere.
public struct Membership: Sendable {
    let redis: Redis
    public let name: String
    /// A member that has not been heard of for so long counts as gone.
    public let timeout: Duration
    private static let key: RedisArgument = "lh:orchestrators"

    public init(redis: Redis, name: String, timeout: Duration = .seconds(5)) {
        self.redis = redis
        self.name = name
        self.timeout = timeout
    }

    /// Says that this member lives, and returns its place among the living and their number.
    public func renew() async throws(JobStoreError) -> (place: Int, members: Int) {
        let value: RESPValue
        do {
            value = try await redis.run(
                Self.script, keys: [Self.key], arguments: [.string(name), .integer(timeout.milliseconds)])
        } catch {
            throw JobStoreError(kind: .redis(error), attempted: "membership")
        }
        var names: [String] = []
        for element in try Answer(value: value, attempted: "membership").array {
            names.append(try Answer(value: element, attempted: "membership").string)
        }
        return (names.firstIndex(of: name) ?? 0, max(names.count, 1))
    }

    public func leave() async throws(JobStoreError) {
        do {
            _ = try await redis.send(["ZREM", Self.key, .string(name)])
        } catch {
            throw JobStoreError(kind: .redis(error), attempted: "leaving")
        }
    }

    private static let script = RedisScript(
        name: "membership", source: String(decoding: PackageResources.membership_lua, as: UTF8.self))
}
