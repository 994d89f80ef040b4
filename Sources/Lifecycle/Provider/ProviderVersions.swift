import ExportCore
import JobStore
import ProviderAPI
import Synchronization

/// The providers of a process by name: in the present version of each file, and in the older ones that jobs were created with.
///
/// A job keeps its version for its whole life. Limits, health and the circuit breaker are those of the present one.
public final class ProviderVersions<Provider: Sendable>: Sendable {
    private struct Entry: Sendable {
        var version: String
        var present: Provider
        var older: [String: Provider] = [:]
        /// The file is gone: jobs that were created with it go on.
        var isRetired = false
    }

    private let entries: Mutex<[String: Entry]>
    /// Versions that are being loaded, by name and version: thousands of jobs may ask for one together.
    private let loading = Mutex<[String: Task<Result<ProviderClient?, JobStoreError>, Never>]>([:])
    private let library: PlanLibrary?
    private let make: @Sendable (_ client: ProviderClient, _ present: Provider?) -> Provider

    /// - Parameters:
    ///   - library: `nil`: every job uses the present version.
    ///   - make: a provider of a client; `present` is that of the present version if the client's is older.
    public init(
        _ clients: some Sequence<ProviderClient>, library: PlanLibrary?,
        make: @escaping @Sendable (_ client: ProviderClient, _ present: Provider?) -> Provider
    ) {
        self.library = library
        self.make = make
        entries = Mutex([:])
        for client in clients { set(client) }
    }

    /// The present version, also of a file that is gone.
    public subscript(_ name: String) -> Provider? { entries.withLock { $0[name]?.present } }

    /// The present version, if jobs may be created with it.
    public func offered(_ name: String) -> Provider? { entries.withLock { $0[name].flatMap { $0.isRetired ? nil : $0.present } } }

    /// The version that a job was created with; `nil` if it is not loaded here, or the provider is not known.
    public subscript(_ name: String, exportHandle: String?) -> Provider? {
        let plan = ExportHandle.plan(of: exportHandle)
        return entries.withLock { entries in
            guard let entry = entries[name] else { return nil }
            guard let plan, plan != entry.version else { return entry.present }
            return entry.older[String(plan)]
        }
    }

    /// The same, loaded if it must be.
    /// - Throws: if the store does not answer.
    public func provider(_ name: String, exportHandle: String?) async throws(JobStoreError) -> Provider? {
        if let known = self[name, exportHandle] { return known }
        guard let plan = ExportHandle.plan(of: exportHandle).map(String.init) else { return nil }
        let client = try await load(name, plan)
        let present = self[name]
        guard let provider = client.map({ make($0, present) }) ?? present else { return nil }
        return entries.withLock { entries in
            // Somebody else may have loaded it meanwhile.
            if let known = entries[name]?.older[plan] { return known }
            if entries[name] == nil { entries[name] = Entry(version: plan, present: provider, isRetired: true) }
            entries[name]?.older[plan] = provider
            return provider
        }
    }

    private func load(_ name: String, _ plan: String) async throws(JobStoreError) -> ProviderClient? {
        guard let library else { return nil }
        let key = "\(name)@\(plan)"
        let task = loading.withLock { loading in
            if let task = loading[key] { return task }
            let task = Task { () -> Result<ProviderClient?, JobStoreError> in
                do throws(JobStoreError) { return .success(try await library.client(name, version: plan)) } catch { return .failure(error) }
            }
            loading[key] = task
            return task
        }
        let result = await task.value
        loading.withLock { $0[key] = nil }
        return try result.get()
    }

    /// Those that jobs may be created with.
    public var names: [String] { entries.withLock { $0.filter { !$0.value.isRetired }.keys.sorted() } }
    /// All versions that are loaded.
    public var all: [Provider] { entries.withLock { $0.values.flatMap { [$0.present] + $0.older.values } } }

    /// Keeps all present versions in the store.
    public func keep(_ clients: some Sequence<ProviderClient>) async throws(JobStoreError) {
        guard let library else { return }
        for client in clients { try await library.keep(client) }
    }

    /// A new version of a file, or a new file: jobs are created with it from now on.
    /// - Throws: if the store does not answer; nothing has changed then.
    public func replace(_ client: ProviderClient) async throws(JobStoreError) {
        try await library?.keep(client)
        set(client)
    }

    /// The file is gone: no job is created any more.
    public func retire(_ name: String) { entries.withLock { $0[name]?.isRetired = true } }

    private func set(_ client: ProviderClient) {
        let (name, version) = (client.definition.name, client.definition.version)
        let provider = make(client, nil)
        entries.withLock { entries in
            let before = entries[name]
            var entry = before ?? Entry(version: version, present: provider)
            if let before, before.version != version { entry.older[before.version] = before.present }
            entry.older[version] = nil
            (entry.version, entry.present, entry.isRetired) = (version, provider, false)
            entries[name] = entry
        }
    }
}
