import Redis

/// What waits in the streams of one kind: events in the outboxes, or entries of the trail.
public struct StreamBacklog: Sendable, Equatable {
    /// Entries.
    public var waiting = 0
    /// What was dropped at the limit since the store was set up.
    public var dropped = 0
    /// How long ago the oldest entry was added; zero if none waits.
    public var oldest = Duration.zero
}

extension JobStore {
    /// - Parameter streams: their keys. Beside each, `KEY:state` counts what was dropped.
    func backlog(_ what: String, of streams: [String]) async throws(JobStoreError) -> StreamBacklog {
        let replies = try await send(
            what,
            [["TIME"]]
                + streams.flatMap { stream -> [[RedisArgument]] in
                    let key = RedisArgument.string(stream)
                    return [["XLEN", key], ["HGET", .string(stream + ":state"), "dropped"], ["XRANGE", key, "-", "+", "COUNT", 1]]
                })
        let now = try replies[0].milliseconds
        var backlog = StreamBacklog()
        for index in streams.indices {
            let (length, dropped, first) = (replies[3 * index + 1], replies[3 * index + 2], replies[3 * index + 3])
            backlog.waiting += Int(try length.integer)
            backlog.dropped += Int(try dropped.optional?.string ?? "0") ?? 0
            // An id begins with the milliseconds at which the entry was added.
            guard let id = try first.elements.first?.element(0).string, let added = Int64(id.prefix { $0 != "-" }) else { continue }
            backlog.oldest = max(backlog.oldest, .milliseconds(now - added))
        }
        return backlog
    }
}
