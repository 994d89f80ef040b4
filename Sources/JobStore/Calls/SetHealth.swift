import ExportCore
import Redis

extension StoreScript {
    /// | argument | meaning |
    /// |---|---|
    /// | version | the version that was read; -1: it could not be read |
    /// | value | the new health as JSON |
    /// | provider | whose health it is |
    /// | state | of the breaker, for an event; empty: none |
    /// | why | for the event |
    /// | actor | for the event: who changed it |
    ///
    /// | reply | meaning |
    /// |---|---|
    /// | isSet | 1, or 0 when somebody else has set it meanwhile |
    static let setHealth = StoreScript(
        "set_health", PackageResources.set_health_lua, arguments: "version, value, provider, state, why, actor",
        reply: "isSet")
}

/// A provider's health as the store has it.
public struct StoredHealth: Sendable {
    public var health: ProviderHealth
    /// For `setHealth`.
    public var version: Int64
    /// The store's clock when the health was read, in milliseconds.
    public var now: Int64

    public init(health: ProviderHealth, version: Int64, now: Int64) { (self.health, self.version, self.now) = (health, version, now) }
}

extension JobStore {
    /// A value that cannot be read, because another version or another program wrote it, counts as missing, and the next `setHealth`
    /// replaces it.
    public func health(of provider: String) async throws(JobStoreError) -> StoredHealth {
        let now = try await now(), missing = ProviderHealth()
        let fields: Reply
        do throws(JobStoreError) {
            fields = try await send("health", [["HMGET", Keys.provider(provider, .health), "version", "value"]])[0]
        } catch {
            guard case .redis(let cause) = error.kind, case .server(let refusal) = cause.kind, refusal.code == "WRONGTYPE" else {
                throw error
            }
            return StoredHealth(health: missing, version: Self.unreadable, now: now)
        }
        guard case .string(let value) = try fields.element(1).value else { return StoredHealth(health: missing, version: 0, now: now) }
        guard case .string(let text) = try fields.element(0).value, let version = Int64(String(decoding: text, as: UTF8.self)),
            let health = try? StoredJSON.decode(ProviderHealth.self, value, "health")
        else { return StoredHealth(health: missing, version: Self.unreadable, now: now) }
        return StoredHealth(health: health, version: version, now: now)
    }

    /// A version that no value has: it is replaced in any case.
    private static let unreadable: Int64 = -1

    /// Replaces a provider's health, if it is still the one that was read.
    /// - Parameter actor: who changes it, for the event; with `before` it becomes one if the breaker's state or the hold differ.
    /// - Returns: `false` when somebody else has set it meanwhile: read it and decide again.
    public func setHealth(
        _ health: ProviderHealth, of provider: String, read version: Int64, before: ProviderHealth? = nil, by actor: String = ""
    ) async throws(JobStoreError) -> Bool {
        let value = try StoredJSON.encode(health, "set_health")
        let breaker = health.breaker
        let isEvent = before.map { $0.breaker.state != breaker.state || $0.breaker.hold?.code != breaker.hold?.code } ?? false
        let state = breaker.hold == nil ? breaker.state.rawValue : "held"
        return try await run(
            .setHealth, provider: provider, key: .health,
            [
                .integer(version), .string(value), .string(provider), .string(isEvent ? state : ""),
                .string(HistoryEntry.line(breaker.reason, atMost: 500)), .string(HistoryEntry.line(actor)),
            ]
        ).element("isSet").integer == 1
    }
}
