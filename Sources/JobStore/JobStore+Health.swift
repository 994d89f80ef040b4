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
    /// What cannot be read, because another version or another program wrote it, counts as nothing, and is replaced by the next
    /// `setHealth`.
    public func health(of provider: String) async throws(JobStoreError) -> StoredHealth {
        let now = try await now()
        let fields: Answer
        do throws(JobStoreError) {
            fields = Answer(
                value: try await send("health", [["HMGET", Self.healthKey(provider), "version", "value"]])[0], attempted: "health")
        } catch {
            guard case .redis(let cause) = error.kind, case .server(let refusal) = cause.kind, refusal.code == "WRONGTYPE" else {
                throw error
            }
            return StoredHealth(health: ProviderHealth(), version: Self.unreadable, now: now)
        }
        guard case .string(let value) = try fields.element(1).value else {
            return StoredHealth(health: ProviderHealth(), version: 0, now: now)
        }
        guard case .string(let text) = try fields.element(0).value, let version = Int64(String(decoding: text, as: UTF8.self)),
            let health = try? Self.decode(ProviderHealth.self, value, "health")
        else { return StoredHealth(health: ProviderHealth(), version: Self.unreadable, now: now) }
        return StoredHealth(health: health, version: version, now: now)
    }

    /// A version that no value has: it is replaced, whatever it is.
    private static let unreadable: Int64 = -1

    /// Replaces a provider's health, if it is still the one that was read.
    /// - Returns: `false` when somebody else was faster: read it again, and decide anew.
    public func setHealth(_ health: ProviderHealth, of provider: String, read version: Int64) async throws(JobStoreError) -> Bool {
        let value = try await run(
            StoreScript.setHealth, provider: provider, [.integer(version), .string(try Self.encode(health, "set_health"))])
        return try Answer(value: value, attempted: "set_health").integer == 1
    }

    private static func healthKey(_ provider: String) -> RedisArgument { .string(providerTag(provider) + "health") }
}
