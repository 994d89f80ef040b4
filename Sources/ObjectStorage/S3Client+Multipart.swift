import Crypto
import Encoding
import HTTPClient

/// The steps of a multipart upload. Source: "Multipart upload" in the Amazon S3 User Guide.
extension S3Client {
    struct Part: Sendable {
        let number: Int
        /// As received, including its quotes.
        let etag: String
    }

    struct UnfinishedUpload: Sendable, Equatable {
        let fullKey: String
        let id: String
    }

    /// Returns the upload's id.
    func createUpload(
        operation: String, fullKey: String, headers: [(name: String, value: String)], attempts: Int = 5
    ) async throws(ObjectStorageError) -> String {
        let response = try await send(
            Call(
                operation: operation, method: .post, fullKey: fullKey, query: [("uploads", "")], headers: headers,
                attempts: attempts))
        guard let id = S3Document(response.body).text("UploadId"), !id.isEmpty else {
            throw ObjectStorageError(.invalidAnswer, operation, configuration.url(fullKey: fullKey), "no UploadId")
        }
        return id
    }

    func uploadPart(
        _ number: Int, of id: String, fullKey: String, bytes: [UInt8], sha256: String
    ) async throws(ObjectStorageError) -> Part {
        let operation = "upload part \(number)"
        let response = try await send(
            Call(
                operation: operation, method: .put, fullKey: fullKey,
                query: [("partNumber", String(number)), ("uploadId", id)], body: bytes, payload: .sha256(sha256)))
        guard let etag = response.headers["etag"] else {
            throw ObjectStorageError(.invalidAnswer, operation, configuration.url(fullKey: fullKey), "no ETag")
        }
        return Part(number: number, etag: etag)
    }

    func completeUpload(_ id: String, fullKey: String, parts: [Part]) async throws(ObjectStorageError) {
        let list = parts.map {
            "<Part><PartNumber>\($0.number)</PartNumber><ETag>\(S3Document.escaped($0.etag))</ETag></Part>"
        }
        let body = Array("<CompleteMultipartUpload>\(list.joined())</CompleteMultipartUpload>".utf8)
        // S3 takes minutes to assemble thousands of parts.
        _ = try await send(
            Call(
                operation: "complete upload", method: .post, fullKey: fullKey, query: [("uploadId", id)],
                headers: [("content-type", "application/xml")], body: body,
                payload: .sha256(Hexadecimal.text(SHA256.hash(data: body))), tellsErrorsInBody: true, firstByte: .seconds(300)))
    }

    func abortUpload(_ id: String, fullKey: String) async throws(ObjectStorageError) {
        _ = try await send(
            Call(operation: "abort upload", method: .delete, fullKey: fullKey, query: [("uploadId", id)], attempts: 3))
    }

    /// Uploads below a prefix that started at least `age` ago and are neither completed nor aborted.
    func listUploads(prefix: String, startedBefore age: Duration) async throws(ObjectStorageError) -> [UnfinishedUpload] {
        var found: [UnfinishedUpload] = []
        var marker: [(name: String, value: String)] = []
        while true {
            let call = Call(operation: "list uploads", method: .get, query: [("uploads", ""), ("prefix", prefix)] + marker)
            let page = S3Document(try await send(call).body)
            found += Self.uploads(in: page, begunBefore: serverTime() - age.components.seconds)
            guard page.text("IsTruncated") == "true", let key = page.text("NextKeyMarker") else { return found }
            let next = [("key-marker", key), ("upload-id-marker", page.text("NextUploadIdMarker") ?? "")]
            // Stop if the server does not advance; otherwise the loop never ends.
            guard next.map(\.1) != marker.map(\.value) else { return found }
            marker = next
        }
    }

    /// - Parameter limit: seconds since 1970.
    static func uploads(in page: S3Document, begunBefore limit: Int64) -> [UnfinishedUpload] {
        page.elements("Upload").compactMap { upload in
            guard let key = upload.text("Key"), let id = upload.text("UploadId"), let text = upload.text("Initiated"),
                let start = UTCTime(text), start.seconds <= limit
            else { return nil }
            return UnfinishedUpload(fullKey: key, id: id)
        }
    }
}
