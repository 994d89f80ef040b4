extension Redis {
    /// Takes no more commands, lets those that wait and are on the wire be answered, and closes the connection. What is left
    /// after `limit`, or has no connection to go to, fails with `shutDown`. Returns when the connection is closed.
    public func shutdown(within limit: Duration = .seconds(5)) async {
        if case .closed = state { return }
        if !isShuttingDown {
            isShuttingDown = true
            guard isConnected, !pipeline.isIdle else { return close() }
            thread.schedule(after: limit) { [weak self] in self?.assumeIsolated { $0.close() } }
        }
        await withCheckedContinuation { continuation in
            // A caller without this executor may have been suspended on its way here.
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
