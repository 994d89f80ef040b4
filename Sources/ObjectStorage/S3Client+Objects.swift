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

    func delete(fullKey: String) async throws(ObjectStorageError) {
        do throws(ObjectStorageError) {
            _ = try await send(Call(operation: "delete", method: .delete, fullKey: fullKey))
        } catch {
            // S3 itself does not report it.
            if error.kind != .notFound { throw error }
        }
    }

    /// ListObjectsV2: up to a thousand keys.
    func list(prefix: String, after token: String?) async throws(ObjectStorageError) -> (fullKeys: [String], next: String?) {
        var query = [(name: "list-type", value: "2"), (name: "prefix", value: prefix)]
        if let token { query.append((name: "continuation-token", value: token)) }
        let page = S3Document(try await send(Call(operation: "list", method: .get, query: query)).body)
        let keys = page.elements("Contents").compactMap { $0.text("Key") }
        guard page.text("IsTruncated") == "true" else { return (keys, nil) }
        guard let next = page.text("NextContinuationToken"), next != token else {
            throw ObjectStorageError(.invalidAnswer, "list", configuration.url(fullKey: nil), "a truncated list without a next page")
        }
        return (keys, next)
    }
}
