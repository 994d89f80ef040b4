extension Redis {
    /// Runs a script by its SHA-1 and returns its reply. A server that does not know it (`NOSCRIPT`: it was restarted, or flushed
    /// its scripts) is given the source, and the script is run again.
    ///
    /// - Throws: `RedisError`; an error reply, one that the script returned too, as `.server`.
    @discardableResult
    public func run(
        _ script: RedisScript, keys: [RedisArgument], arguments: [RedisArgument], timeout: Duration? = nil
    ) async throws(RedisError) -> RESPValue {
        let call = RedisScriptCall(script, keys: keys, arguments: arguments)
        let deadline = deadline(timeout)
        var commands = EncodedCommands()
        commands.append(call)
        var reply = try await perform(commands, for: script.name, until: deadline).replies[0]
        if reply.isNoScript { reply = try await runAgain([call], answered: [reply], until: deadline)[0] }
        return try value(of: reply, script.name)
    }

    /// Runs scripts in one pipeline; the replies come in the order of the calls, error replies as values. Where the server does
    /// not know a script, its calls, and only those, are run again after the others.
    ///
    /// - Throws: `RedisError` when not all replies came, or a script cannot be loaded.
    public func run(all calls: [RedisScriptCall], timeout: Duration? = nil) async throws(RedisError) -> [RESPValue] {
        guard let first = calls.first else { return [] }
        let deadline = deadline(timeout)
        var commands = EncodedCommands()
        for call in calls { commands.append(call) }
        let replies = try await perform(commands, for: first.script.name, until: deadline).replies
        return try await runAgain(calls, answered: replies, until: deadline)
    }

    /// Runs those calls again that were answered by NOSCRIPT; a few times, as somebody may flush the scripts in between.
    private func runAgain(
        _ calls: [RedisScriptCall], answered: [RESPValue], until deadline: ContinuousClock.Instant
    ) async throws(RedisError) -> [RESPValue] {
        var replies = answered
        for round in 0..<4 {
            let missing = replies.indices.filter { replies[$0].isNoScript }
            guard !missing.isEmpty else { break }
            let again = try await loadAndRun(missing.map { calls[$0] }, mayFollow: round == 0, until: deadline)
            for (index, reply) in zip(missing, again) { replies[index] = reply }
        }
        return replies
    }

    /// Loads the scripts and runs the calls, in one pipeline.
    /// - Parameter mayFollow: leave out scripts that somebody ahead in the queue is loading. Of the many who learn of a restart
    ///   together one sends the source; should that one fail, the others load for themselves.
    private func loadAndRun(
        _ calls: [RedisScriptCall], mayFollow: Bool, until deadline: ContinuousClock.Instant
    ) async throws(RedisError) -> [RESPValue] {
        var ahead = mayFollow ? loadingScripts : []
        let loads = calls.map(\.script).filter { ahead.insert($0.sha1).inserted }
        loadingScripts.formUnion(loads.map(\.sha1))
        defer { loadingScripts.subtract(loads.map(\.sha1)) }
        if !loads.isEmpty { logger.info("loading scripts", metadata: ["scripts": "\(loads.map(\.name).joined(separator: " "))"]) }

        var commands = EncodedCommands()
        for script in loads { commands.append(["SCRIPT", "LOAD", .string(script.source)]) }
        for call in calls { commands.append(call) }
        let replies = try await perform(commands, for: calls[0].script.name, until: deadline).replies
        for (script, reply) in zip(loads, replies) { _ = try value(of: reply, "SCRIPT LOAD \(script.name)") }
        return Array(replies[loads.count...])
    }
}

extension RESPValue {
    fileprivate var isNoScript: Bool {
        if case .error(let error) = self { error.code == "NOSCRIPT" } else { false }
    }
}
