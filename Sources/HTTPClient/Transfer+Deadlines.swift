import CCurl

extension Transfer {
    /// The timeout that has expired at `now`, if any. Bytes that moved since the last check count from `now`, so no timeout expires
    /// early.
    func overdue(at now: UInt64) -> HTTPError.Wait? {
        if phase == .finished { return nil }
        if now >= wholeDeadline { return .whole }
        if hasMoved {
            hasProgressed = false
            lastProgress = now
            return nil
        }
        let timeouts = request.timeouts
        let (wait, bound): (HTTPError.Wait, Duration) =
            switch phase {
            case .queued: (.queue, timeouts.queue)
            case .connecting: (.connect, timeouts.connect)
            case .sending: upload?.isHandedOver ?? true ? (.firstByte, timeouts.firstByte) : (.stall, timeouts.stall)
            case .receiving, .finished: (.stall, timeouts.stall)
            }
        return now - lastProgress >= bound.nanoseconds ? wait : nil
    }

    /// Whether bytes have moved, or this side (the reader or the body's source) causes the wait.
    private var hasMoved: Bool {
        if hasProgressed { return true }
        switch phase {
        case .receiving:
            return isPaused
        case .sending:
            guard let upload else { return false }
            if upload.isPaused { return true }
            // libcurl may send buffered bytes in small steps without a callback.
            let uploaded = handle?.uploadedBytes ?? 0
            defer { uploadedBytes = uploaded }
            return uploaded != uploadedBytes
        case .queued, .connecting, .finished:
            return false
        }
    }
}
