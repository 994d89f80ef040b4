import Crypto
import Encoding
import ExportCore
import HTTPClient
import Logging

/// A bucket of S3, or of a compatible service (Signature Version 4, multipart uploads).
public struct S3Storage: ObjectStorage {
    let client: S3Client

    public init(_ configuration: S3Configuration, http: HTTPClient, logger: Logger) {
        client = S3Client(configuration, http: http, logger: logger)
    }

    init(client: S3Client) { self.client = client }

    public func fullKey(_ key: String) -> String { client.configuration.fullKey(key) }

    public func url(key: String) -> String { client.configuration.url(fullKey: client.configuration.fullKey(key)) }

    public func upload(
        key: String, contentType: String, metadata: [String: String]
    ) async throws(ObjectStorageError) -> any ObjectUpload {
        S3Upload(client, fullKey: try fullKey(key, "upload"), contentType: contentType, metadata: metadata)
    }

    public func put(
        key: String, bytes: [UInt8], contentType: String, metadata: [String: String]
    ) async throws(ObjectStorageError) {
        try await client.put(
            fullKey: try fullKey(key, "put"), bytes: bytes, sha256: Hexadecimal.text(SHA256.hash(data: bytes)),
            headers: S3Client.objectHeaders(contentType: contentType, metadata: metadata))
    }

    public func get(key: String, maxBytes: Int) async throws(ObjectStorageError) -> [UInt8] {
        let fullKey = try fullKey(key, "get")
        // Leaves room for an error response, which may be longer than the object.
        let call = S3Client.Call(operation: "get", method: .get, fullKey: fullKey, maxAnswerBytes: max(maxBytes, 64 << 10))
        let bytes = try await client.send(call).body
        if bytes.count > maxBytes { throw ObjectStorageError(.tooLarge, "get", url(key: key), "longer than \(maxBytes) bytes") }
        return bytes
    }

    public func head(key: String) async throws(ObjectStorageError) -> ObjectInfo? {
        try await client.head(fullKey: try fullKey(key, "head"))
    }

    public func list(prefix: String, after token: String?) async throws(ObjectStorageError) -> ObjectPage {
        let fullPrefix = client.configuration.fullKey(prefix)
        let (fullKeys, next) = try await client.list(prefix: fullPrefix, after: token)
        let length = fullPrefix.utf8.count - prefix.utf8.count
        return ObjectPage(keys: fullKeys.map { String($0.utf8.dropFirst(length)) ?? "" }, next: next)
    }

    public func delete(keys: [String]) async throws(ObjectStorageError) {
        // One request for each: not every service has the call for many, and it removes nothing in one piece either.
        let fullKeys = try keys.map { (key) throws(ObjectStorageError) in try fullKey(key, "delete") }
        for start in stride(from: 0, to: fullKeys.count, by: Self.deletionsAtOnce) {
            let failure = await withTaskGroup(of: ObjectStorageError?.self) { [client] group in
                for fullKey in fullKeys[start..<min(start + Self.deletionsAtOnce, fullKeys.count)] {
                    group.addTask {
                        do throws(ObjectStorageError) { try await client.delete(fullKey: fullKey) } catch { return error }
                        return nil
                    }
                }
                return await group.reduce(nil) { $0 ?? $1 }
            }
            if let failure { throw failure }
        }
    }

    private static let deletionsAtOnce = 16

    /// Accepts only keys that S3 allows and that can appear in XML and in a log line.
    private func fullKey(_ key: String, _ operation: String) throws(ObjectStorageError) -> String {
        let fullKey = client.configuration.fullKey(key)
        func refuse(_ reason: String) -> ObjectStorageError {
            ObjectStorageError(
                .invalidKey, operation, "s3://\(client.configuration.bucket)",
                "the key \(key.prefix(100).debugDescription) \(reason)")
        }
        if key.isEmpty { throw refuse("is empty") }
        if fullKey.utf8.count > 1024 { throw refuse("is longer than 1024 bytes") }
        if key.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) {
            throw refuse("contains a control character")
        }
        return fullKey
    }
}

extension S3Storage {
    /// Starts a multipart upload and aborts it, which needs the same permissions as an upload and leaves nothing.
    public func check() async throws(ObjectStorageError) {
        let fullKey = client.configuration.fullKey(".longhaul-check")
        let id = try await client.createUpload(operation: "check", fullKey: fullKey, headers: [], attempts: 2)
        try await client.abortUpload(id, fullKey: fullKey)
    }

    /// Creates the bucket in the configured region unless it exists; needs permission to check for it and to create it.
    public func createBucketIfMissing() async throws(ObjectStorageError) {
        if try await hasBucket() { return }
        let region = client.configuration.region
        // us-east-1 is the default region, and is rejected as a constraint.
        let constraint = "<LocationConstraint>\(S3Document.escaped(region))</LocationConstraint>"
        let body = region == "us-east-1" ? "" : "<CreateBucketConfiguration>\(constraint)</CreateBucketConfiguration>"
        let bytes = Array(body.utf8)
        do throws(ObjectStorageError) {
            _ = try await client.send(
                S3Client.Call(
                    operation: "create bucket", method: .put, body: bytes, payload: .sha256(Hexadecimal.text(SHA256.hash(data: bytes)))))
        } catch {
            // Another process may have created it first.
            guard error.kind == .rejected, try await hasBucket() else { throw error }
        }
    }

    private func hasBucket() async throws(ObjectStorageError) -> Bool {
        do throws(ObjectStorageError) {
            _ = try await client.send(S3Client.Call(operation: "check for bucket", method: .head))
            return true
        } catch {
            if error.kind == .notFound { return false }
            throw error
        }
    }

    public func removeStaleUploads(olderThan age: Duration) async throws(ObjectStorageError) -> Int {
        let prefix = client.configuration.prefix
        var removed = 0
        for upload in try await client.listUploads(prefix: prefix.isEmpty ? "" : prefix + "/", startedBefore: age) {
            do throws(ObjectStorageError) {
                try await client.abortUpload(upload.id, fullKey: upload.fullKey)
                removed += 1
            } catch {
                // Its owner completed or aborted it first.
                if error.kind != .noSuchUpload { throw error }
            }
        }
        return removed
    }
}
