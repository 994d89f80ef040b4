import JobStore
import Logging
import ProviderAPI
import Telemetry

/// The versions of provider files that jobs were created with: kept in the store, and compiled where they are needed.
public struct PlanLibrary: Sendable {
    private let store: JobStore
    private let compile: @Sendable (ProviderSource) async throws -> ProviderClient
    private let repeated: RateLimitedLog

    /// - Parameter compile: opens a client of a provider file as the process opens its own.
    public init(
        store: JobStore, logger: Logger, compile: @escaping @Sendable (ProviderSource) async throws -> ProviderClient
    ) {
        self.store = store
        self.compile = compile
        repeated = RateLimitedLog(logger)
    }

    /// Before a job is created with it: whoever continues the job may know another version only.
    public func keep(_ client: ProviderClient) async throws(JobStoreError) {
        try await store.keepPlan(client.source.yaml, version: client.definition.version, of: client.definition.name)
    }

    /// - Returns: `nil` if the version is not kept any more, or cannot be used by this program: the present one then takes its place.
    /// - Throws: if the store does not answer.
    func client(_ name: String, version: String) async throws(JobStoreError) -> ProviderClient? {
        guard let text = try await store.plan(version, of: name) else {
            repeated.warning(
                key: name, "version \(version) of provider \(name) is not kept any more: its jobs continue with the present one")
            return nil
        }
        do {
            return try await compile(try ProviderSource(yaml: text, file: "\(name)@\(version)"))
        } catch {
            repeated.error(
                key: name, "version \(version) of provider \(name) cannot be used: its jobs continue with the present one: \(error)")
            return nil
        }
    }
}
