/// A destination for finished files: a bucket or a folder. Keys are relative and use `/` between parts. A later object with the
/// same key replaces the earlier one atomically.
public protocol ObjectStorage: Sendable {
    /// Starts an object whose size may be unknown. Nothing is visible under `key` before `commit()`.
    /// - Parameter metadata: stored with the object if the storage supports it (S3: `x-amz-meta-NAME`); ASCII.
    func upload(
        key: String, contentType: String, metadata: [String: String]
    ) async throws(ObjectStorageError) -> any ObjectUpload

    /// Stores a small object in one call.
    func put(
        key: String, bytes: [UInt8], contentType: String, metadata: [String: String]
    ) async throws(ObjectStorageError)

    /// Reads an object of at most `maxBytes` bytes. Throws `tooLarge` for a longer one, `notFound` if it does not exist.
    func get(key: String, maxBytes: Int) async throws(ObjectStorageError) -> [UInt8]

    /// An object's size, content type and metadata; `nil` if it does not exist.
    func head(key: String) async throws(ObjectStorageError) -> ObjectInfo?

    /// A page of the keys that begin with `prefix`, in no particular order. Uploads that are not committed are not listed.
    /// - Parameter token: `nil` for the first page, then the `next` of the previous one.
    func list(prefix: String, after token: String?) async throws(ObjectStorageError) -> ObjectPage

    /// Removes objects; a key without an object is no error. If it throws, some may be removed.
    func delete(keys: [String]) async throws(ObjectStorageError)

    /// Checks that objects can be written, without leaving one. The error says what to fix.
    func check() async throws(ObjectStorageError)

    /// Removes uploads that started longer ago than `age` and were neither committed nor aborted. Returns the number removed.
    func removeStaleUploads(olderThan age: Duration) async throws(ObjectStorageError) -> Int

    /// The key as readers of the bucket or folder see it, including the prefix.
    func fullKey(_ key: String) -> String

    /// The object's URL for people and manifests: `s3://bucket/prefix/key`, `file:///folder/key`.
    func url(key: String) -> String
}

/// An object that is being written. One caller at a time. `write` waits while earlier bytes are being stored, so that an upload
/// holds a bounded part of the object in memory.
public protocol ObjectUpload: Sendable {
    func write(_ bytes: [UInt8]) async throws(ObjectStorageError)
    /// Stores the remaining bytes. The object is then safe but not yet visible. Call it once before `commit`.
    func finishParts() async throws(ObjectStorageError)
    /// Makes the object visible under its key. Calling it again after a retriable error is safe.
    func commit() async throws(ObjectStorageError)
    /// Removes the stored bytes; no effect after `commit`. A failure is logged, and `removeStaleUploads` cleans up later.
    func abort() async
}

public struct ObjectInfo: Sendable, Equatable {
    public let bytes: Int64
    /// Stored only by S3.
    public let contentType: String?
    /// Lower-case names; stored only by S3.
    public let metadata: [String: String]
}

public struct ObjectPage: Sendable, Equatable {
    /// As they were given to `put` and `upload`.
    public let keys: [String]
    /// The token for the next page; `nil` if this is the last one.
    public let next: String?
}

extension ObjectStorage {
    public func list(prefix: String) async throws(ObjectStorageError) -> ObjectPage { try await list(prefix: prefix, after: nil) }

    public func upload(key: String, contentType: String) async throws(ObjectStorageError) -> any ObjectUpload {
        try await upload(key: key, contentType: contentType, metadata: [:])
    }

    public func put(key: String, bytes: [UInt8], contentType: String) async throws(ObjectStorageError) {
        try await put(key: key, bytes: bytes, contentType: contentType, metadata: [:])
    }

    public func exists(key: String) async throws(ObjectStorageError) -> Bool { try await head(key: key) != nil }
}
