import ExportCore
import Foundation
import Redis

/// A provider's health as it stands in the store.
public struct StoredHealth: Sendable {
    public var health: ProviderHealth
    /// For `setHealth`.
    public var version: Int64
    /// The store's clock when it was read, in milliseconds.
    public var now: Int64
}

extension JobStore {
    public func health(of provider: String) async throws(JobStoreError) -> StoredHealth {
        let answers = try await send("health", [["TIME"], ["HMGET", Self.healthKey(provider), "version", "value"]])
        let now = try Self.milliseconds(Answer(value: answers[0], attempted: "health"))
        let fields = Answer(value: answers[1], attempted: "health")
        guard case .string(let value) = try fields.element(1).value, let version = Int64(try fields.element(0).string) else {
            return StoredHealth(health: ProviderHealth(), version: 0, now: now)
        }
        return StoredHealth(health: try Self.decode(ProviderHealth.self, value, "health"), version: version, now: now)
    }

    /// Replaces a provider's health, if it is still the one that was read.
    /// - Returns: `false` when somebody else was faster: read it again, and decide anew.
    public func setHealth(_ health: ProviderHealth, of provider: String, read version: Int64) async throws(JobStoreError) -> Bool {
        let value = try await run(
            StoreScript.setHealth, provider: provider, [.integer(version), .string(try Self.encode(health, "set_health"))])
        return try Answer(value: value, attempted: "set_health").integer == 1
    }

    private static func healthKey(_ provider: String) -> RedisArgument { .string(providerTag(provider) + "health") }
}
