import ExportCore
import Redis

extension StoreScript {
    /// | argument | meaning |
    /// |---|---|
    /// | name | of the message |
    /// | facts | as `WebhookCoding.swift` packs them |
    /// | url | of the job; empty: the provider's endpoint |
    ///
    /// | reply | meaning |
    /// |---|---|
    /// | isStored | 1, or 0 when it is there already |
    static let restoreWebhook = StoreScript(
        "restore_webhook", PackageResources.restore_webhook_lua, arguments: "name, facts, url", reply: "isStored")
}

extension JobStore {
    /// Stores a message again that was given up: it has all its attempts, and the same id.
    /// - Returns: `false` when it is there already, and is being sent.
    public func restore(_ message: WebhookMessage) async throws(JobStoreError) -> Bool {
        let arguments: [RedisArgument] = [.string(message.name), .string(message.facts), .string(message.ownURL)]
        return try await run(.restoreWebhook, on: message.job, arguments).element("isStored").integer == 1
    }
}
