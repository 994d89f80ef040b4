import EventThread

extension Publisher {
    /// Stops accepting messages, waits until the unconfirmed ones are settled or `timeout` has passed, and closes the connection.
    /// Callers that still wait then get `shutDown`.
    public func shutdown(timeout: Duration = .seconds(5)) async {
        guard !session.isOver else { return }
        let deadline = ContinuousClock.now + timeout
        beginClosing()
        if !batches.isEmpty, session.connection != nil {
            let timer = thread.schedule(after: timeout) { [weak self] in
                self?.assumeIsolated {
                    $0.drained?.resume()
                    $0.drained = nil
                }
            }
            await withCheckedContinuation { continuation in
                // A caller on another executor may have been suspended before this closure ran.
                if batches.isEmpty { continuation.resume() } else { drained = continuation }
            }
            thread.cancel(timer)
        }
        for batch in Array(batches.values) {
            let attempted = "publishing \(batch.messages.count) messages"
            finish(batch, .failure(session.error(.shutDown, attempted, "the publisher was shut down before all were confirmed")))
        }
        backlog.removeAll()
        await close(until: max(deadline, .now + .milliseconds(200)))
    }
}
