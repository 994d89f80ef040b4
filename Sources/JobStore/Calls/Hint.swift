import ExportCore
import Redis

extension StoreScript {
    /// | argument | meaning |
    /// |---|---|
    /// | spacing | ms from the last check of a job to the one that a hint brings |
    /// | id | a job |
    ///
    /// | reply | meaning |
    /// |---|---|
    /// | outcome | of each, a raw value of `HintOutcome` |
    static let hint = StoreScript("hint", PackageResources.hint_lua, arguments: "spacing; each: id", reply: "each: outcome")
}

/// What became of a hint.
public enum HintOutcome: String, Sendable, CaseIterable {
    case moved
    /// The next check was due by then anyway.
    case soon
    /// The provider has said when to come.
    case kept
    /// It is being checked.
    case checking
    /// The job does not wait for its export.
    case over
    case unknown
    /// The message names no job.
    case malformed
}

extension JobStore {
    /// Makes the planned checks of jobs due now.
    /// - Parameter spacing: from the last check of a job; a hint that comes earlier waits for the rest.
    /// - Returns: the outcomes, in no order.
    public func hint(_ ids: [JobID], spacing: Duration) async throws(JobStoreError) -> [HintOutcome] {
        try await eachPartition(of: ids) { (partition, members) throws(JobStoreError) in
            let arguments: [RedisArgument] = [.integer(spacing.milliseconds)] + members.map { .string(ids[$0].text) }
            var outcomes: [HintOutcome] = []
            for element in try await run(.hint, partition: partition, arguments).elements {
                outcomes.append(HintOutcome(rawValue: try element.string) ?? .unknown)
            }
            return outcomes
        }.flatMap { $0 }
    }

    /// How long ago a job was last hinted at; `nil`: never.
    public func sinceHint(_ id: JobID) async throws(JobStoreError) -> Duration? {
        let replies = try await send("hint", [["TIME"], ["HGET", jobKey(id), "hintedAt"]])
        let now = try replies[0].milliseconds
        guard let at = try replies[1].optional?.string, let at = Int64(at) else { return nil }
        return .milliseconds(max(now - at, 0))
    }
}
