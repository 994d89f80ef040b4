/// The port of a server, for callers that wait until it listens.
actor BoundPort {
    private var outcome: Result<Int, any Error>?
    private var waiters: [Int: CheckedContinuation<Int, any Error>] = [:]
    private var lastWaiter = 0

    /// Sets the outcome; later calls have no effect.
    func resolve(_ outcome: Result<Int, any Error>) {
        guard self.outcome == nil else { return }
        self.outcome = outcome
        let waiters = waiters.values
        self.waiters = [:]
        for waiter in waiters { waiter.resume(with: outcome) }
    }

    var value: Int {
        get async throws {
            if let outcome { return try outcome.get() }
            lastWaiter += 1
            let waiter = lastWaiter
            return try await withTaskCancellationHandler {
                try await withCheckedThrowingContinuation { continuation in
                    if Task.isCancelled {
                        continuation.resume(throwing: CancellationError())
                    } else {
                        waiters[waiter] = continuation
                    }
                }
            } onCancel: {
                Task { await cancel(waiter) }
            }
        }
    }

    private func cancel(_ waiter: Int) {
        waiters.removeValue(forKey: waiter)?.resume(throwing: CancellationError())
    }
}
