import Redis

/// How Redis itself is.
public struct StoreServer: Sendable, Equatable {
    public var usedBytes: Int64
    /// 0: no limit.
    public var maxBytes: Int64
    /// The settings that keep jobs, and whether each is as it must be.
    public var settings: [String: Bool]
}

extension JobStore {
    /// The value of each setting that keeps jobs; ops/docs/store.md says why.
    private static let required = [("appendonly", "yes"), ("appendfsync", "always"), ("maxmemory-policy", "noeviction")]

    public func server() async throws(JobStoreError) -> StoreServer {
        let replies = try await send("server", [["INFO", "memory"]] + Self.required.map { ["CONFIG", "GET", .string($0.0)] })
        var fields: [Substring: Int64] = [:]
        for line in try replies[0].string.split(whereSeparator: \.isNewline) {
            let field = line.split(separator: ":", maxSplits: 1)
            if field.count == 2 { fields[field[0]] = Int64(field[1]) }
        }
        guard let used = fields["used_memory"], let max = fields["maxmemory"] else { throw replies[0].unexpected }
        var settings: [String: Bool] = [:]
        for ((name, value), reply) in zip(Self.required, replies.dropFirst()) { settings[name] = try reply.hash[name] == value }
        return StoreServer(usedBytes: used, maxBytes: max, settings: settings)
    }
}
