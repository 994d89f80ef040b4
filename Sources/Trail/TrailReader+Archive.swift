import ExportCore
import JobStore
import ObjectStorage

extension TrailReader {
    /// Stores the history of a job that has ended beside its objects, as `history.ndjson`. Storing it again replaces it.
    /// - Returns: `false` if there is nothing to store: the job continues, because somebody retried it, or its record has expired.
    /// - Throws: `JobStoreError` or `ObjectStorageError`.
    public mutating func archive(_ id: JobID, in storage: any ObjectStorage) async throws -> Bool {
        guard let history = try await read(id), history.job.state.status.isFinal else { return false }
        let key = ObjectKey(history.job)
        var upload: (any ObjectUpload)?
        do {
            var bytes = ArchivedHistory.head(history.job, location: storage.url(key: key.folder + "/"), isIncomplete: history.isIncomplete)
            for event in history.events {
                bytes += ArchivedHistory.line(event)
                guard bytes.count >= Self.pieceBytes else { continue }
                let begun: any ObjectUpload
                if let upload {
                    begun = upload
                } else {
                    begun = try await storage.upload(key: key.history, contentType: ArchivedHistory.contentType)
                }
                upload = begun
                try await begun.write(bytes)
                bytes.removeAll(keepingCapacity: true)
            }
            guard let upload else {
                try await storage.put(key: key.history, bytes: bytes, contentType: ArchivedHistory.contentType)
                return true
            }
            try await upload.write(bytes)
            try await upload.finishParts()
            try await upload.commit()
            return true
        } catch {
            await upload?.abort()
            throw error
        }
    }

    /// A history up to this size is stored by one request.
    private static let pieceBytes = 256 << 10
}
