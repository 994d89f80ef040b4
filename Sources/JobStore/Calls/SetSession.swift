import ExportCore
import Redis

extension StoreScript {
    /// | argument | meaning |
    /// |---|---|
    /// | version | the version that was read, 0 if there was none |
    /// | value | the new session; its secrets are encrypted |
    ///
    /// | reply | meaning |
    /// |---|---|
    /// | isSet | 1, or 0 when somebody else has set it meanwhile |
    static let setSession = StoreScript("set_session", PackageResources.set_session_lua, arguments: "version, value", reply: "isSet")
}

/// What requests to a provider authenticate with, as the store has it.
public struct StoredSession: Sendable {
    /// `nil` before the first sign-in.
    public var value: String?
    /// For `setSession`.
    public var version: Int64
    /// The store's clock when it was read, in milliseconds.
    public var now: Int64
}

extension JobStore {
    public func session(of provider: String) async throws(JobStoreError) -> StoredSession {
        let replies = try await send("session", [["TIME"], ["HMGET", Keys.provider(provider, .session), "version", "value"]])
        let version = try replies[1].element(0).optional?.string
        return StoredSession(
            value: try replies[1].element(1).optional?.string, version: version.flatMap { Int64($0) } ?? 0,
            now: try replies[0].milliseconds)
    }

    /// Replaces a provider's session, if it is still the one that was read.
    /// - Returns: `false` when somebody else has set it meanwhile: read it and decide again.
    public func setSession(_ value: String, of provider: String, read version: Int64) async throws(JobStoreError) -> Bool {
        try await run(.setSession, provider: provider, key: .session, [.integer(version), .string(value)]).element("isSet").integer == 1
    }
}
