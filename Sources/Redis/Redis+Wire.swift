import EventThread

// Sends batches and receives replies.
extension Redis {
    func scheduleFlush() {
        guard !isFlushScheduled else { return }
        isFlushScheduled = true
        thread.atTurnEnd { [weak self] in self?.assumeIsolated { $0.flush() } }
    }

    private func flush() {
        isFlushScheduled = false
        turnTime = nil
        guard case .connected(let connection) = state, pipeline.isBatchAnswered else { return }
        let queued = pipeline.queuedCommands
        let slices = pipeline.formBatch(at: .now, timeout: configuration.commandTimeout)
        guard !slices.isEmpty else { return }
        metrics.commands.increment(by: queued - pipeline.queuedCommands)
        do throws(RedisConnection.Failure) {
            for slice in slices { try connection.append(slice) }
            try write(connection)
        } catch {
            lose(connection, error)
        }
    }

    private func write(_ connection: RedisConnection) throws(RedisConnection.Failure) {
        let isDone = try connection.write()
        guard isWatchingWrites == isDone else { return }
        isWatchingWrites = !isDone
        thread.update(connection.descriptor, for: isDone ? .read : [.read, .write])
    }

    func ready(_ readiness: Readiness) {
        guard case .connected(let connection) = state else { return }
        do throws(RedisConnection.Failure) {
            if readiness.contains(.write) { try write(connection) }
            if !readiness.isDisjoint(with: [.read, .hangup]) { try receive(from: connection) }
        } catch {
            return lose(connection, error)
        }
        guard pipeline.isBatchAnswered else { return }
        if mustReconnect {
            return lose(connection, RedisConnection.Failure(text: "the server has become a replica", isUnreadable: false))
        }
        if pipeline.queuedCommands > 0 { scheduleFlush() }
        finishShutdownIfIdle()
    }

    private func receive(from connection: RedisConnection) throws(RedisConnection.Failure) {
        var reads = 0
        while true {
            let mayHaveMore = try connection.read()
            reads += 1
            while let reply = try connection.nextReply() {
                if case .error(let error) = reply, error.code == "READONLY" { mustReconnect = true }
                guard pipeline.receive(reply) else {
                    throw RedisConnection.Failure(text: "an unexpected reply arrived", isUnreadable: false)
                }
            }
            // Bounded, so that a long reply does not block other sockets.
            guard mayHaveMore, reads < 64 || connection.holdsInput else { return }
        }
    }

    /// Schedules `expire` at an instant or earlier.
    func arm(_ instant: ContinuousClock.Instant) {
        if let deadlineTimer {
            guard instant < deadlineTimer.instant else { return }
            thread.cancel(deadlineTimer.handle)
        }
        let handle = thread.schedule(after: instant - .now) { [weak self] in self?.assumeIsolated { $0.expire() } }
        deadlineTimer = (handle, instant)
    }

    private func expire() {
        deadlineTimer = nil
        let isOverdue = pipeline.expire(at: .now, cause: isConnected ? "the server was busy with other commands" : lastFailure?.cause)
        if isOverdue, case .connected(let connection) = state {
            lose(connection, RedisConnection.Failure(text: "the server does not reply", isUnreadable: false))
        }
        if let next = pipeline.nextDeadline { arm(next) }
        finishShutdownIfIdle()
    }
}
