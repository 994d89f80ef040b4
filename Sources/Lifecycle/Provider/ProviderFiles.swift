import ProviderAPI

/// How a service takes in provider files that change while it runs.
public struct ProviderFiles: Sendable {
    /// Jobs are created with this version from now on.
    /// - Throws: if that cannot be now; it is to be tried again.
    public let replace: @Sendable (ProviderClient) async throws -> Void
    /// No job is created any more with the file of this name.
    public let retire: @Sendable (String) async -> Void
    /// Files with secrets have changed.
    public let reloadSecrets: @Sendable () async -> Void

    public init(
        replace: @escaping @Sendable (ProviderClient) async throws -> Void, retire: @escaping @Sendable (String) async -> Void,
        reloadSecrets: @escaping @Sendable () async -> Void
    ) {
        (self.replace, self.retire, self.reloadSecrets) = (replace, retire, reloadSecrets)
    }
}
