import Crypto
import Encoding
import ExportCore
import Logging

/// Uploads one object to S3. Up to 8 MiB are buffered and sent in one PUT at the commit; a longer object is a multipart upload.
/// While one part is sent the next one fills, so at most two parts are in memory.
actor S3Upload: ObjectUpload {
    private let client: S3Client
    private let fullKey: String
    private let headers: [(name: String, value: String)]
    /// Stored with the object, so that a completion whose response was lost can be distinguished from one that never happened.
    private let token = Hexadecimal.text((0..<16).map { _ in UInt8.random(in: 0...255) })
    private static let tokenName = "longhaul-upload"

    private var phase = UploadPhase.open
    private var buffer: [UInt8] = []
    /// The running hash of the buffer: hashing a whole part at once would block its thread for milliseconds.
    private var hash = SHA256()
    private var id: String?
    private var parts: [S3Client.Part] = []
    private var sending: Task<Result<S3Client.Part, ObjectStorageError>, Never>?
    private var sent: Int64 = 0
    private var startedParts = 0
    private var sendingBytes = 0

    init(_ client: S3Client, fullKey: String, contentType: String, metadata: [String: String]) {
        self.client = client
        self.fullKey = fullKey
        self.headers = S3Client.objectHeaders(
            contentType: contentType, metadata: metadata.merging([Self.tokenName: token]) { _, own in own })
    }

    func write(_ bytes: [UInt8]) async throws(ObjectStorageError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            try requireOpen("write")
            let room = PartPlan.bytes(ofPart: startedParts + 1) - buffer.count
            if room == 0 {
                try await failing { () async throws(ObjectStorageError) in try await self.sendBuffer() }
                continue
            }
            let taken = rest.prefix(room)
            buffer += taken
            taken.withUnsafeBytes { hash.update(bufferPointer: $0) }
            rest = rest.dropFirst(taken.count)
        }
    }

    func finishParts() async throws(ObjectStorageError) {
        try requireOpen("finish")
        if id != nil {
            try await failing { () async throws(ObjectStorageError) in
                if !self.buffer.isEmpty { try await self.sendBuffer() }
                try await self.settle()
            }
            try requireOpen("finish")
        }
        phase = .stored
    }

    func commit() async throws(ObjectStorageError) {
        guard try phase.mayCommit(url) else { return }
        if let id {
            try await complete(id)
        } else {
            try await client.put(fullKey: fullKey, bytes: buffer, sha256: Hexadecimal.text(hash.finalize()), headers: headers)
        }
        phase = .committed
        buffer = []
    }

    func abort() async {
        if case .committed = phase { return }
        phase = .aborted(url)
        buffer = []
        sending?.cancel()
        _ = await sending?.value
        sending = nil
        guard let id else { return }
        self.id = nil
        let (client, fullKey) = (client, fullKey)
        // In a separate task, because a cancelled task must still abort.
        await Task {
            do throws(ObjectStorageError) { try await client.abortUpload(id, fullKey: fullKey) } catch {
                if error.kind != .noSuchUpload { client.logger.warning("\(error); uploaded parts remain in the bucket") }
            }
        }.value
    }
}

extension S3Upload {
    private var url: String { client.configuration.url(fullKey: fullKey) }

    private func requireOpen(_ operation: String) throws(ObjectStorageError) { try phase.requireOpen(operation, url) }

    /// A part that was not stored leaves a gap, so the upload fails.
    private func failing(_ body: () async throws(ObjectStorageError) -> Void) async throws(ObjectStorageError) {
        do { try await body() } catch {
            if case .open = phase { phase = .failed(error) }
            throw error
        }
    }

    /// Passes the buffer to a task that sends it after the previous part is stored.
    private func sendBuffer() async throws(ObjectStorageError) {
        guard startedParts < PartPlan.maxParts, sent + Int64(buffer.count) <= PartPlan.maxObjectBytes else {
            throw ObjectStorageError(.tooLarge, "upload", url, "S3 accepts at most 5 TiB in 10,000 parts")
        }
        let id: String
        if let known = self.id {
            id = known
        } else {
            id = try await client.createUpload(operation: "create upload", fullKey: fullKey, headers: headers)
            self.id = id
        }
        try await settle()
        try requireOpen("write")
        startedParts += 1
        sent += Int64(buffer.count)
        let (client, fullKey, number, bytes, sha256) = (client, fullKey, startedParts, buffer, Hexadecimal.text(hash.finalize()))
        sendingBytes = bytes.count
        buffer = []
        hash = SHA256()
        sending = Task {
            do throws(ObjectStorageError) {
                return .success(try await client.uploadPart(number, of: id, fullKey: fullKey, bytes: bytes, sha256: sha256))
            } catch { return .failure(error) }
        }
    }

    /// Waits for the part that is being sent.
    private func settle() async throws(ObjectStorageError) {
        // The sending tasks are not children of the caller, so a completed part would hide the caller's cancellation.
        if Task.isCancelled {
            throw ObjectStorageError(.cancelled, "upload", url, "the task was cancelled")
        }
        guard let sending else { return }
        let result = await withTaskCancellationHandler {
            await sending.value
        } onCancel: {
            sending.cancel()
        }
        self.sending = nil
        parts.append(try result.get())
    }

    private func complete(_ id: String) async throws(ObjectStorageError) {
        do throws(ObjectStorageError) {
            try await client.completeUpload(id, fullKey: fullKey, parts: parts)
        } catch {
            // An attempt whose response was lost may have succeeded, and its id is then gone.
            guard error.kind != .cancelled, await isStored() else { throw error }
        }
    }

    /// Whether the object under the key is this upload's. Unknown counts as no: the original failure stands.
    private func isStored() async -> Bool {
        do throws(ObjectStorageError) {
            return try await client.head(fullKey: fullKey)?.metadata[Self.tokenName] == token
        } catch {
            client.logger.warning("\(error); cannot tell whether the upload was completed")
            return false
        }
    }
}

extension S3Upload {
    /// Bytes in memory: the part that fills and the one that is being sent.
    var bytesHeld: Int { buffer.count + (sending == nil ? 0 : sendingBytes) }
    var storedParts: [S3Client.Part] { parts }
}
