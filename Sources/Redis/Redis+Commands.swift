extension Redis {
    /// Sends a command and returns its reply.
    ///
    /// - Parameters:
    ///   - command: name and arguments, one word each.
    ///   - timeout: overrides the configured one. A command that is on the wire when it expires may still run.
    /// - Throws: `RedisError`; an error reply as `.server`. Cancelling the task ends the wait at once, but not the command.
    @discardableResult
    public func send(_ command: [RedisArgument], timeout: Duration? = nil) async throws(RedisError) -> RESPValue {
        guard let name = command.first?.name else { throw emptyCommand }
        let call = try await perform(EncodedCommands(command), for: name, until: deadline(timeout))
        return try value(of: call.replies[0], name)
    }

    /// Sends several commands in one pipeline. Replies are in the order of the commands; error replies are returned as values.
    ///
    /// Not a transaction: other callers' commands may run in between, and after a lost connection none, some or all may have run.
    /// - Throws: `RedisError` if a reply is missing.
    public func send(all commands: [[RedisArgument]], timeout: Duration? = nil) async throws(RedisError) -> [RESPValue] {
        guard let name = commands.first?.first?.name else {
            if commands.isEmpty { return [] }
            throw emptyCommand
        }
        guard !commands.contains(where: \.isEmpty) else { throw emptyCommand }
        return try await perform(EncodedCommands(all: commands), for: name, until: deadline(timeout)).replies
    }

    func deadline(_ timeout: Duration?) -> ContinuousClock.Instant {
        let now = turnTime ?? .now
        if turnTime == nil {
            turnTime = now
            scheduleFlush()
        }
        return now + (timeout ?? configuration.commandTimeout)
    }

    func value(of reply: RESPValue, _ operation: String) throws(RedisError) -> RESPValue {
        if case .error(let serverError) = reply { throw error(.server(serverError), operation) }
        return reply
    }

    /// Redis does not reply to an empty command.
    private var emptyCommand: RedisError {
        error(.server(RedisServerError(code: "ERR", message: "the command is empty")), "command")
    }

    /// Queues commands and waits until all have replies or one fails.
    func perform(
        _ commands: EncodedCommands, for operation: String, until deadline: ContinuousClock.Instant
    ) async throws(RedisError) -> Call {
        guard !isShuttingDown else { throw error(.shutDown(mayHaveRun: false), operation) }
        guard !Task.isCancelled else { throw error(.cancelled(mayHaveRun: false), operation) }
        let call = Call(id: nextID(), operation: operation, commands: commands, deadline: deadline)
        guard pipeline.enqueue(call) else { throw error(.overloaded, operation, cause: lastFailure?.cause) }
        arm(deadline)
        scheduleFlush()
        if case .disconnected = state { attemptToConnect() }

        let id = call.id
        await withTaskCancellationHandler {
            await settlement(of: call)
        } onCancel: {
            Task(executorPreference: thread) { await self.cancel(id) }
        }
        if let failure = call.failure { throw failure }
        noteDenials(call.replies, operation)
        return call
    }

    /// A method, because a closure that does not mention the actor is not isolated to it and would race with the replies.
    private func settlement(of call: Call) async {
        await withCheckedContinuation { call.resumeWhenSettled($0) }
    }

    private func cancel(_ id: UInt64) {
        pipeline.cancel(id)
        finishShutdownIfIdle()
    }
}
