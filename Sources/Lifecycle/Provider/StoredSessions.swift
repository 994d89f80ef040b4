import JobStore
import ProviderAPI
import Foundation
import Synchronization

/// Sessions of providers in the store, where all processes share them.
public final class StoredSessions: SessionStore {
    private let store = Mutex<JobStore?>(nil)

    /// Provider files are read before the store is connected: `use` must be called before the first request.
    public init() {}

    public func use(_ store: JobStore) { self.store.withLock { $0 = store } }

    public func read(_ provider: String) async throws -> (record: SessionRecord, version: Int64, now: Int64) {
        let stored = try await connected().session(of: provider)
        let record = try stored.value.map { try JSONDecoder().decode(SessionRecord.self, from: Data($0.utf8)) }
        return (record ?? SessionRecord(), stored.version, stored.now)
    }

    public func write(_ record: SessionRecord, of provider: String, read version: Int64) async throws -> Bool {
        let value = String(decoding: try JSONEncoder().encode(record), as: UTF8.self)
        return try await connected().setSession(value, of: provider, read: version)
    }

    private func connected() throws(NotConnected) -> JobStore {
        guard let store = store.withLock({ $0 }) else { throw NotConnected() }
        return store
    }

    struct NotConnected: Error, CustomStringConvertible {
        let description = "the store is not connected yet"
    }
}
