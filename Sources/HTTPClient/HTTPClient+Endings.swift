/// Ends of transfers caused by this side: cancelled tasks, deadlines, shutdown.
extension HTTPClient {
    func cancel(_ id: UInt64) {
        guard let transfer = transfers[id] else { return }
        fail(transfer, .cancelled, "the task was cancelled")
    }

    /// Checks all transfers together, every 25 ms: a timer for each would cost more than the requests of a fast host.
    func watchDeadlines() {
        guard deadlineTimer == nil else { return }
        deadlineTimer = thread.schedule(after: .milliseconds(25)) { [weak self] in self?.assumeIsolated { $0.checkDeadlines() } }
    }

    /// No request is running: an idle thread must not wake for deadlines.
    func stopWatchingDeadlines() {
        guard let deadlineTimer else { return }
        thread.cancel(deadlineTimer)
        self.deadlineTimer = nil
        metrics.record(inFlight: 0, queued: 0)
    }

    private func checkDeadlines() {
        deadlineTimer = nil
        let now = Monotonic.now
        let overdue = transfers.values.compactMap { transfer in transfer.overdue(at: now).map { (transfer, $0) } }
        for (transfer, wait) in overdue {
            fail(transfer, .timeout(wait), "the \(wait.rawValue) timeout of \(transfer.bound(of: wait)) expired")
        }
        metrics.record(inFlight: slots.active, queued: running - slots.active)
        if running > 0 { watchDeadlines() }
    }

    /// Cancels all transfers when the deadline of `shutdown` passes.
    func abandonAll() {
        guard running > 0 else { return }
        logger.warning("HTTP requests cancelled by shutdown", metadata: ["client": "\(configuration.name)", "requests": "\(running)"])
        for transfer in Array(transfers.values) { fail(transfer, .shutDown, "the client was shut down") }
    }

    func drained() {
        let waiting = whenDrained
        whenDrained.removeAll()
        for continuation in waiting { continuation.resume() }
    }
}

extension Transfer {
    fileprivate func bound(of wait: HTTPError.Wait) -> String {
        switch wait {
        case .queue: "\(request.timeouts.queue)"
        case .connect: "\(request.timeouts.connect)"
        case .firstByte: "\(request.timeouts.firstByte)"
        case .stall: "\(request.timeouts.stall)"
        case .whole: "\(Duration.nanoseconds(Int64(clamping: wholeDeadline - begun)))"
        }
    }
}
