extension Redis {
    /// Runs a script by its SHA-1 and returns its reply. If the server does not know it (`NOSCRIPT`: it was restarted, or its
    /// scripts were flushed), loads the source and runs the script again.
    ///
    /// - Throws: `RedisError`; an error reply, including one that the script returns, as `.server`.
    @discardableResult
    public func run(
        _ script: RedisScript, keys: [RedisArgument], arguments: [RedisArgument], timeout: Duration? = nil
    ) async throws(RedisError) -> RESPValue {
        let call = RedisScriptCall(script: script, keys: keys, arguments: arguments)
        let deadline = deadline(timeout)
        var commands = EncodedCommands()
        commands.append(call)
        var reply = try await perform(commands, for: script.name, until: deadline).replies[0]
        // A few times: another client may flush the scripts in between.
        for round in 0..<4 where reply.isNoScript {
            reply = try await loadAndRun(call, mayFollow: round == 0, until: deadline)
        }
        return try value(of: reply, script.name)
    }

    /// Loads the script and runs the call, in one pipeline.
    /// - Parameter mayFollow: omits the script if an earlier queued caller already loads it. Of the many callers that notice a restart
    ///   together, one sends the source; if that one fails, the others load it themselves.
    private func loadAndRun(
        _ call: RedisScriptCall, mayFollow: Bool, until deadline: ContinuousClock.Instant
    ) async throws(RedisError) -> RESPValue {
        let script = call.script
        let isLoading = mayFollow && loadingScripts.contains(script.sha1)
        var commands = EncodedCommands()
        if !isLoading {
            loadingScripts.insert(script.sha1)
            logger.info("loading scripts", metadata: ["scripts": "\(script.name)"])
            commands.append(["SCRIPT", "LOAD", .string(script.source)])
        }
        defer { if !isLoading { loadingScripts.remove(script.sha1) } }
        commands.append(call)
        let replies = try await perform(commands, for: script.name, until: deadline).replies
        if !isLoading { _ = try value(of: replies[0], "SCRIPT LOAD \(script.name)") }
        return replies[replies.count - 1]
    }
}

extension RESPValue {
    fileprivate var isNoScript: Bool {
        if case .error(let error) = self { error.code == "NOSCRIPT" } else { false }
    }
}
