import CCurl

/// Response bodies that the reader pulls.
extension HTTPClient {
    /// The next chunk of the body; the success is `nil` at its end, the result is `nil` if the stream was abandoned.
    func next(of id: UInt64) async -> Result<[UInt8]?, HTTPError>? {
        guard let transfer = transfers[id] else { return nil }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                transfer.reader = continuation
                if Task.isCancelled { cancel(id) }
                deliver(transfer)
            }
        } onCancel: {
            Task { [weak self] in await self?.cancel(id) }
        }
    }

    /// Cancels the transfer because its reader is gone.
    func abandon(_ id: UInt64) {
        guard let transfer = transfers[id] else { return }
        fail(transfer, .cancelled, "the stream was abandoned")
        transfers[id] = nil
    }

    /// Resumes a stream's caller with the response head, and its reader with a chunk, the end, or the error after the last chunk.
    func deliver(_ transfer: Transfer) {
        deliverHead(transfer)
        guard let reader = transfer.reader else { return }
        if !transfer.body.isEmpty, !transfer.isCancelled {
            let piece = transfer.body
            transfer.body = []
            transfer.reader = nil
            reader.resume(returning: .success(piece))
            resumeReceiving(transfer)
        } else if let outcome = transfer.outcome {
            transfer.reader = nil
            transfers[transfer.id] = nil
            reader.resume(returning: outcome.map { nil })
        }
    }

    private func deliverHead(_ transfer: Transfer) {
        guard case .stream(let continuation) = transfer.caller else { return }
        if transfer.isHeadComplete, !transfer.isRedirect, !transfer.isCancelled {
            // If the body has already broken off, `next` reports it after the bytes that arrived.
            transfer.caller = .answered
            continuation.resume(returning: .success(HTTPStream(of: transfer, client: self)))
        } else if case .failure(let error) = transfer.outcome {
            transfers[transfer.id] = nil
            transfer.caller = .answered
            continuation.resume(returning: .failure(error))
        }
    }

    private func resumeReceiving(_ transfer: Transfer) {
        guard transfer.isPaused, let handle = transfer.handle else { return }
        transfer.isPaused = false
        resume(transfer, handle)
    }

    /// Unpauses the handle in libcurl, which may at once deliver data that it held back.
    func resume(_ transfer: Transfer, _ handle: EasyHandle) {
        transfer.hasProgressed = true
        let code = handle.resume(transfer)
        if code != CURLE_OK { ended(handle, code) }
        deliverTouched()
    }
}

extension Transfer {
    fileprivate var isCancelled: Bool {
        if case .failure(let error) = outcome { error.kind == .cancelled } else { false }
    }
}
