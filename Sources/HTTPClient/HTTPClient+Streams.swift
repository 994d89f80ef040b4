import CCurl

/// Bodies that are pulled.
extension HTTPClient {
    /// The next piece of the body, `nil` in it at its end; `nil` instead of it when the stream was abandoned.
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

    /// Nobody will read on.
    func abandon(_ id: UInt64) {
        guard let transfer = transfers[id] else { return }
        fail(transfer, .cancelled, "the stream was abandoned")
        transfers[id] = nil
    }

    /// Gives a stream's caller its head, and its reader what there is: a piece, the end, or the error after the last piece.
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
            // A body that has broken off already is told by `next`, after what there is of it.
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

    /// Calls into libcurl, which may deliver at once what it held back.
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
