import CCurl

extension Transfer {
    /// Which bound has run out at `now`, if any. Bytes that have moved since the last look count from `now`: never early.
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

    /// Whether bytes have moved, or are waited for by this side: by its reader or by the source of its body.
    private var hasMoved: Bool {
        if hasProgressed { return true }
        switch phase {
        case .receiving:
            return isPaused
        case .sending:
            guard let upload else { return false }
            if upload.isPaused { return true }
            // What libcurl has taken may leave in small steps, which no callback tells.
            let uploaded = handle?.uploadedBytes ?? 0
            defer { uploadedBytes = uploaded }
            return uploaded != uploadedBytes
        case .queued, .connecting, .finished:
            return false
        }
    }
}
