import ExportCore
import Redis

extension StoreScript {
    /// | argument | meaning |
    /// |---|---|
    /// | name | of a message |
    /// | claim | of the caller |
    /// | delay | ms until the next attempt; -1: it is delivered or given up, and removed |
    /// | failed | 1 if an attempt failed |
    ///
    /// | reply | meaning |
    /// |---|---|
    /// | isStored | 1, or 0 when another has claimed it, or it is gone |
    static let applyWebhook = StoreScript(
        "apply_webhook", PackageResources.apply_webhook_lua, arguments: "each: name, claim, delay, failed", reply: "each: isStored")
}

/// What becomes of a claimed webhook message.
public enum WebhookResult: Sendable, Equatable {
    /// Delivered or given up: the message is removed.
    case ended
    case failed(next: Duration)
    /// No attempt was made; the claim does not count.
    case handedBack(for: Duration)
}

extension JobStore {
    /// Stores the results of claims.
    /// - Returns: whether each is stored, in the order of the claims: not if another has claimed the message meanwhile, or it is gone.
    public func applyWebhooks(_ results: [(webhook: DueWebhook, result: WebhookResult)]) async throws(JobStoreError) -> [Bool] {
        var stored = [Bool](repeating: false, count: results.count)
        let outcomes = try await eachPartition(of: results.map(\.webhook.message.job)) { (partition, members) throws(JobStoreError) in
            var arguments: [RedisArgument] = []
            for index in members { Self.append(results[index].webhook, results[index].result, to: &arguments) }
            let reply = try await run(.applyWebhook, partition: partition, arguments)
            let flags = try reply.elements.map { (flag) throws(JobStoreError) in try flag.integer == 1 }
            guard flags.count == members.count else { throw reply.unexpected }
            return (members, flags)
        }
        for (members, flags) in outcomes { for (index, flag) in zip(members, flags) { stored[index] = flag } }
        return stored
    }

    private static func append(_ webhook: DueWebhook, _ result: WebhookResult, to arguments: inout [RedisArgument]) {
        let (delay, hasFailed): (Int64, Bool) =
            switch result {
            case .ended: (-1, false)
            case .failed(let next): (next.milliseconds, true)
            case .handedBack(let time): (time.milliseconds, false)
            }
        arguments += [.string(webhook.message.name), .integer(webhook.claim), .integer(delay), hasFailed ? "1" : ""]
    }
}
