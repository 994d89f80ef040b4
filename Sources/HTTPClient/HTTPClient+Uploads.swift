/// Request bodies that are pulled from their source as the connection accepts them.
extension HTTPClient {
    /// One task for each upload, which waits for libcurl after each chunk: at most two chunks are in memory.
    func pump(_ next: @escaping @Sendable () async throws -> [UInt8]?, of transfer: Transfer) {
        let id = transfer.id
        transfer.upload?.source = Task { [weak self] in
            do {
                while let chunk = try await next() {
                    if chunk.isEmpty { continue }
                    guard let self, await self.give(chunk, to: id) else { return }
                }
                await self?.endUpload(of: id)
            } catch {
                await self?.failUpload(of: id, "\(error)")
            }
        }
    }

    /// Returns true once libcurl has taken the chunk, or false if the transfer is over.
    private func give(_ chunk: [UInt8], to id: UInt64) async -> Bool {
        await withCheckedContinuation { continuation in
            guard let transfer = transfers[id], let upload = transfer.upload, transfer.phase != .finished else {
                return continuation.resume(returning: false)
            }
            upload.whenTaken = continuation
            upload.give(chunk)
            resumeSending(transfer, upload)
        }
    }

    private func endUpload(of id: UInt64) {
        guard let transfer = transfers[id], let upload = transfer.upload else { return }
        upload.end()
        resumeSending(transfer, upload)
    }

    private func failUpload(of id: UInt64, _ cause: String) {
        guard let transfer = transfers[id], transfer.phase != .finished else { return }
        fail(transfer, .uploadSource, cause)
    }

    private func resumeSending(_ transfer: Transfer, _ upload: Upload) {
        guard upload.isPaused, let handle = transfer.handle else { return }
        upload.isPaused = false
        resume(transfer, handle)
    }
}
