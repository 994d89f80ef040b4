import Redis

extension StoreScript {
    /// | argument | meaning |
    /// |---|---|
    /// | kind | of the work |
    /// | number | how much of it |
    ///
    /// | reply | meaning |
    /// |---|---|
    /// | kept | the number of minutes and kinds that are remembered |
    static let recordLosses = StoreScript(
        "record_losses", PackageResources.record_losses_lua, arguments: "each: kind, number", reply: "kept")
}

/// Work that had nobody who did it, and is taken up again.
public enum LostWork: String, Sendable, CaseIterable {
    /// Jobs whose lease ran out: checks and lists that an orchestrator had, or whose message was lost.
    case jobs
    /// Files whose lease ran out: the worker died or was frozen.
    case files
    /// Files that waited in vain for a worker: their message was lost.
    case messages
}

/// What was lost lately. It lives in the store, so that a command that has just started knows it.
public struct Losses: Sendable, Equatable {
    public var counts: [LostWork: Int] = [:]
    /// Since the last of them; to the minute.
    public var last: Duration?

    public init(counts: [LostWork: Int] = [:], last: Duration? = nil) { (self.counts, self.last) = (counts, last) }

    /// So long a loss is remembered, to the minute.
    public static let remembered = Duration.seconds(15 * 60)
}

extension JobStore {
    /// Remembers losses, for `losses`.
    public func record(_ lost: [LostWork: Int]) async throws(JobStoreError) {
        guard !lost.isEmpty else { return }
        let arguments = lost.flatMap { [.string($0.key.rawValue), .integer(Int64($0.value))] as [RedisArgument] }
        _ = try await redis.run(.recordLosses, key: Keys.global(.losses), arguments)
    }

    /// What was lost in the last quarter of an hour.
    public func losses() async throws(JobStoreError) -> Losses {
        let replies = try await send("losses", [["TIME"], ["HGETALL", Keys.global(.losses)]])
        let now = try replies[0].milliseconds
        var losses = Losses()
        for (field, text) in try replies[1].hash {
            let words = field.split(separator: " ")
            guard words.count == 2, let minute = Int64(words[0]), let kind = LostWork(rawValue: String(words[1])), let number = Int(text)
            else { continue }
            let age = Duration.milliseconds(max(now - (minute + 1) * 60_000, 0))
            guard age < Losses.remembered else { continue }
            losses.counts[kind, default: 0] += number
            losses.last = min(losses.last ?? age, age)
        }
        return losses
    }
}
