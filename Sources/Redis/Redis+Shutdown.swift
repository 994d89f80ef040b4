extension Redis {
    /// Stops accepting commands, waits for the replies to queued and sent ones, and closes the connection. Commands that are left
    /// after `limit`, or have no connection, fail with `shutDown`. Returns when the connection is closed.
    public func shutdown(within limit: Duration = .seconds(5)) async {
        if case .closed = state { return }
        if !isShuttingDown {
            isShuttingDown = true
            guard isConnected, !pipeline.isIdle else { return close() }
            thread.schedule(after: limit) { [weak self] in self?.assumeIsolated { $0.close() } }
        }
        await withCheckedContinuation { continuation in
            // A caller on another executor may have been suspended before this closure ran.
            if case .closed = state { continuation.resume() } else { shutdownWaiters.append(continuation) }
        }
    }

    func finishShutdownIfIdle() {
        if isShuttingDown, pipeline.isIdle { close() }
    }

    func close() {
        if case .connected(let connection) = state { thread.unwatch(connection.descriptor) }
        if case .waiting(let timer) = state { thread.cancel(timer) }
        if let deadlineTimer { thread.cancel(deadlineTimer.handle) }
        deadlineTimer = nil
        state = .closed
        pipeline.shutDown()
        resumeConnectWaiters(error(.shutDown(mayHaveRun: false), "connect"))
        let waiters = shutdownWaiters
        shutdownWaiters = []
        for waiter in waiters { waiter.resume() }
    }
}
