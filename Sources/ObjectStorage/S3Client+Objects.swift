import HTTPClient

/// Operations on a whole object.
extension S3Client {
    static func objectHeaders(contentType: String, metadata: [String: String]) -> [(name: String, value: String)] {
        [("content-type", contentType)] + metadata.map { ("x-amz-meta-\($0.key.lowercased())", $0.value) }
    }

    func put(
        fullKey: String, bytes: [UInt8], sha256: String, headers: [(name: String, value: String)]
    ) async throws(ObjectStorageError) {
        _ = try await send(
            Call(operation: "put", method: .put, fullKey: fullKey, headers: headers, body: bytes, payload: .sha256(sha256)))
    }

    func head(fullKey: String) async throws(ObjectStorageError) -> ObjectInfo? {
        let headers: HTTPHeaders
        do throws(ObjectStorageError) {
            headers = try await send(Call(operation: "head", method: .head, fullKey: fullKey)).headers
        } catch {
            if error.kind == .notFound { return nil }
            throw error
        }
        guard let bytes = headers.contentLength else {
            throw ObjectStorageError(.invalidAnswer, "head", configuration.url(fullKey: fullKey), "no Content-Length")
        }
        var metadata: [String: String] = [:]
        for field in headers.fields {
            let name = field.name.lowercased()
            if name.hasPrefix("x-amz-meta-") { metadata[String(name.dropFirst(11))] = field.value }
        }
        return ObjectInfo(bytes: bytes, contentType: headers["content-type"], metadata: metadata)
    }
}
