/// Where finished files go: a bucket, or a folder. Keys are relative, parts of them separated by `/`; what a key names is
/// replaced by a later object of the same key, wholly and at once.
public protocol ObjectStorage: Sendable {
    /// Begins an object whose size need not be known. Nothing can be seen under `key` before `commit()`.
    /// - Parameter metadata: kept with the object where the storage can (S3: `x-amz-meta-NAME`); ASCII.
    func upload(
        key: String, contentType: String, metadata: [String: String]
    ) async throws(ObjectStorageError) -> any ObjectUpload

    /// Stores a small object whole.
    func put(
        key: String, bytes: [UInt8], contentType: String, metadata: [String: String]
    ) async throws(ObjectStorageError)

    /// Reads an object of at most `maxBytes` bytes; a longer one is `tooLarge`, none `notFound`.
    func get(key: String, maxBytes: Int) async throws(ObjectStorageError) -> [UInt8]

    /// What is known of an object, `nil` when there is none.
    func head(key: String) async throws(ObjectStorageError) -> ObjectInfo?

    /// Whether objects can be written, found out without leaving one. The error says what to mend.
    func check() async throws(ObjectStorageError)

    /// Removes what uploads left that neither committed nor aborted and were begun longer ago than `age`. Returns how many.
    func removeStaleUploads(olderThan age: Duration) async throws(ObjectStorageError) -> Int

    /// The key under which a reader of the bucket or folder finds the object: with the prefix, where there is one.
    func fullKey(_ key: String) -> String

    /// The object as a URL for people and manifests: `s3://bucket/prefix/key`, `file:///folder/key`.
    func url(key: String) -> String
}

/// An object on its way. One caller at a time; `write` waits while what it was given before is being stored, so that an upload
/// holds a bounded piece of the object in memory.
public protocol ObjectUpload: Sendable {
    func write(_ bytes: [UInt8]) async throws(ObjectStorageError)
    /// Stores what is left. All of it is then safe, and still nothing can be seen. To be called once before `commit`.
    func finishParts() async throws(ObjectStorageError)
    /// Gives the object its name. Calling it again after a retriable error is safe.
    func commit() async throws(ObjectStorageError)
    /// Removes what was stored; without effect after `commit`. Failing to is logged, and mended by `removeStaleUploads`.
    func abort() async
}

public struct ObjectInfo: Sendable, Equatable {
    public let bytes: Int64
    /// S3 alone keeps it.
    public let contentType: String?
    /// Names in lower case; S3 alone keeps it.
    public let metadata: [String: String]
}

extension ObjectStorage {
    public func upload(key: String, contentType: String) async throws(ObjectStorageError) -> any ObjectUpload {
        try await upload(key: key, contentType: contentType, metadata: [:])
    }

    public func put(key: String, bytes: [UInt8], contentType: String) async throws(ObjectStorageError) {
        try await put(key: key, bytes: bytes, contentType: contentType, metadata: [:])
    }

    public func exists(key: String) async throws(ObjectStorageError) -> Bool { try await head(key: key) != nil }
}
