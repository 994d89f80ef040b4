/// Exports whose durations are learned together: of a provider, and of a kind if its file tells kinds apart.
public struct ExportKind: Sendable, Hashable {
    public var provider: String
    /// What `polling.key` of the provider file gives; empty for all exports of the provider.
    public var key: String

    public init(provider: String, key: String = "") { (self.provider, self.key) = (provider, key) }

    /// All exports of the provider.
    public var all: ExportKind { ExportKind(provider: provider) }
}
