import EventThread
import Logging
import Retry

extension Redis {
    /// Waits until the client is connected, for at most the connect timeout.
    ///
    /// Before the first connection, a failed attempt ends the wait and is not repeated unless commands are queued, so that a
    /// program can detect an unreachable server at startup. After the first connection the client reconnects by itself.
    /// - Throws: `unreachable`, `tls`, `loginRefused`, `cancelled`, `shutDown`.
    public func connect() async throws(RedisError) {
        if isConnected { return }
        guard !isShuttingDown else { throw error(.shutDown(mayHaveRun: false), "connect") }
        guard !Task.isCancelled else { throw error(.cancelled(mayHaveRun: false), "connect") }
        if case .disconnected = state { attemptToConnect() }
        let id = nextID()
        let timer = thread.schedule(after: configuration.connectTimeout + .milliseconds(100)) { [weak self] in
            self?.assumeIsolated { $0.giveUpConnecting(id, .unreachable, "no connection within \($0.configuration.connectTimeout)") }
        }
        let failure: RedisError? = await withTaskCancellationHandler {
            await withCheckedContinuation { (continuation: CheckedContinuation<RedisError?, Never>) in
                // A caller on another executor may have been suspended before this closure ran.
                if isConnected { continuation.resume(returning: nil) } else { connectWaiters[id] = continuation }
            }
        } onCancel: {
            Task(executorPreference: thread) { await self.giveUpConnecting(id, .cancelled(mayHaveRun: false), nil) }
        }
        thread.cancel(timer)
        if let failure { throw failure }
    }

    private func giveUpConnecting(_ id: UInt64, _ kind: RedisError.Kind, _ cause: String?) {
        connectWaiters.removeValue(forKey: id)?.resume(returning: error(kind, "connect", cause: cause ?? lastFailure?.cause))
    }

    func attemptToConnect() {
        state = .connecting
        // One attempt at a time: if a slow name server holds the thread beyond all deadlines, no second attempt starts.
        Task {
            let login = Login(configuration)
            do {
                let transfer = try await Pthread.run("redis-login") { () throws(RedisError) in try login.run() }
                connected(transfer.connection)
            } catch {
                couldNotConnect(error as? RedisError ?? self.error(.unreachable, "connect", cause: "\(error)"))
            }
        }
    }

    private func connected(_ connection: RedisConnection) {
        guard case .connecting = state else { return }
        state = .connected(connection)
        mustReconnect = false
        isWatchingWrites = false
        thread.watch(connection.descriptor, for: .read) { [weak self] readiness in
            self?.assumeIsolated { $0.ready(readiness) }
        }
        logger.info("connected to Redis", metadata: ["server": "\(server)"])
        if connectedAt != nil { metrics.reconnects.increment() }
        connectedAt = .now
        failedAttempts = 0
        lastFailure = nil
        resumeConnectWaiters(nil)
        scheduleFlush()
    }

    private func couldNotConnect(_ failure: RedisError) {
        guard case .connecting = state else { return }
        lastFailure = failure
        failedAttempts += 1
        // An outage is logged once at this level, not at every attempt.
        logger.log(level: failedAttempts == 1 ? .warning : .debug, "\(failure)")
        if connectedAt != nil || pipeline.queuedCommands > 0 {
            waitToReconnect()
        } else {
            state = .disconnected
        }
        resumeConnectWaiters(failure)
    }

    /// Drops the connection: fails the commands on the wire, keeps the queued ones, and reconnects.
    func lose(_ connection: RedisConnection, _ failure: RedisConnection.Failure) {
        thread.unwatch(connection.descriptor)
        pipeline.loseBatch(cause: failure.text, firstKind: failure.isUnreadable ? .unsupportedReply : nil)
        lastFailure = error(.connectionLost(mayHaveRun: false), "connection", cause: failure.text)
        guard !isShuttingDown else { return close() }
        // A connection that was lost soon after it opened does not reset the backoff.
        if let connectedAt, .now - connectedAt > configuration.reconnect.cap { backoff.reset() }
        logger.warning("lost the connection to Redis", metadata: ["server": "\(server)", "cause": "\(failure.text)"])
        waitToReconnect()
    }

    private func waitToReconnect() {
        let timer = thread.schedule(after: backoff.next()) { [weak self] in
            self?.assumeIsolated { $0.attemptToConnect() }
        }
        state = .waiting(timer)
    }

    func resumeConnectWaiters(_ failure: RedisError?) {
        let waiters = connectWaiters.values
        connectWaiters = [:]
        for waiter in waiters { waiter.resume(returning: failure) }
    }
}
