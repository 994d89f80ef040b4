import ExportCore
import Redis

extension StoreScript {
    /// | argument | meaning |
    /// |---|---|
    /// | provider | its name |
    /// | version | of its file |
    /// | statuses | that its endpoint is told about, separated by spaces; empty: it has no endpoint |
    ///
    /// | reply | meaning |
    /// |---|---|
    /// | changed | the number of providers whose entry is another one now |
    static let setEndpoints = StoreScript(
        "set_endpoints", PackageResources.set_endpoints_lua, arguments: "each: provider, version, statuses", reply: "changed")
}

/// Which ends of a provider's jobs its endpoint is told about.
public struct WebhookSubscription: Sendable, Equatable {
    public var provider: String
    /// Of the provider file: a disabled endpoint is enabled by another version.
    public var version: String
    /// Empty: it has no endpoint.
    public var statuses: [JobStatus]

    public init(provider: String, version: String, statuses: [JobStatus]) {
        (self.provider, self.version, self.statuses) = (provider, version, statuses)
    }
}

extension JobStore {
    /// Tells the store about the endpoints of providers, whoever ends their jobs. Each partition has them, because a script touches the keys
    /// of one partition only.
    public func setEndpoints(_ subscriptions: [WebhookSubscription]) async throws(JobStoreError) {
        guard !subscriptions.isEmpty else { return }
        var arguments: [RedisArgument] = []
        for subscription in subscriptions {
            let statuses = subscription.statuses.map(\.rawValue).joined(separator: " ")
            arguments += [.string(subscription.provider), .string(subscription.version), .string(statuses)]
        }
        for partition in 0..<partitions { _ = try await run(.setEndpoints, partition: partition, arguments) }
    }
}
