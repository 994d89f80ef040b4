import ObjectStorage
import Synchronization
import Testing

/// A storage whose removals last until `meanwhile` has happened.
final class SlowRemoval: ObjectStorage {
    let removals = Mutex(0)
    private let storage: any ObjectStorage
    private let meanwhile: @Sendable () async throws -> Void

    init(storage: any ObjectStorage, meanwhile: @escaping @Sendable () async throws -> Void) {
        (self.storage, self.meanwhile) = (storage, meanwhile)
    }

    func delete(keys: [String]) async throws(ObjectStorageError) {
        try await storage.delete(keys: keys)
        do { try await meanwhile() } catch { Issue.record(error) }
        removals.withLock { $0 += 1 }
    }

    func upload(
        key: String, contentType: String, metadata: [String: String]
    ) async throws(ObjectStorageError) -> any ObjectUpload {
        try await storage.upload(key: key, contentType: contentType, metadata: metadata)
    }

    func put(key: String, bytes: [UInt8], contentType: String, metadata: [String: String]) async throws(ObjectStorageError) {
        try await storage.put(key: key, bytes: bytes, contentType: contentType, metadata: metadata)
    }

    func get(key: String, maxBytes: Int) async throws(ObjectStorageError) -> [UInt8] { try await storage.get(key: key, maxBytes: maxBytes) }
    func head(key: String) async throws(ObjectStorageError) -> ObjectInfo? { try await storage.head(key: key) }
    func list(prefix: String, after token: String?) async throws(ObjectStorageError) -> ObjectPage {
        try await storage.list(prefix: prefix, after: token)
    }
    func check() async throws(ObjectStorageError) { try await storage.check() }
    func removeStaleUploads(olderThan age: Duration) async throws(ObjectStorageError) -> Int {
        try await storage.removeStaleUploads(olderThan: age)
    }
    func fullKey(_ key: String) -> String { storage.fullKey(key) }
    func url(key: String) -> String { storage.url(key: key) }
}
