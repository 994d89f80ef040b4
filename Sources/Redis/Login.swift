import CHiredis
import Glibc

/// Connects and logs in. Blocks, so run it on a dedicated thread.
struct Login {
    let configuration: RedisConfiguration
    private let deadline: ContinuousClock.Instant

    init(_ configuration: RedisConfiguration) {
        self.configuration = configuration
        deadline = .now + configuration.connectTimeout
    }

    /// A connection in transfer from the login thread to its owner.
    struct ConnectionTransfer: @unchecked Sendable {
        // Unchecked: the login thread keeps no reference to the connection that it returns.
        let connection: RedisConnection
    }

    /// - Throws: `unreachable`, `tls` or `loginRefused`, within about the connect timeout (a name server may take longer).
    func run() throws(RedisError) -> ConnectionTransfer {
        // First, before any timeout starts: loading the system's CA certificates takes some milliseconds.
        let tls = try tlsContext()
        guard let context = redisConnectWithTimeout(configuration.host, Int32(configuration.port), timeLeft) else {
            throw failure("out of memory")
        }
        let connection = RedisConnection(adopting: context)
        try check(connection)
        guard redisEnableKeepAlive(context) == REDIS_OK, redisSetTimeout(context, timeLeft) == REDIS_OK else {
            throw failure(String(cString: shim_redis_error(context)))
        }
        if let tls { try startTLS(tls, on: connection) }
        for step in steps {
            if case .error(let error) = try ask(connection, step.command), !step.isOptional {
                let step = step.command[0].name
                throw RedisError(.loginRefused(error), operation: "connect", server: configuration.server, cause: step)
            }
        }
        try stopBlocking(context)
        return ConnectionTransfer(connection: connection)
    }

    private func tlsContext() throws(RedisError) -> TLSContext? {
        guard let tls = configuration.tls else { return nil }
        do { return try TLSContext(tls) } catch { throw failure(error.cause, error.kind) }
    }

    private func startTLS(_ tls: TLSContext, on connection: RedisConnection) throws(RedisError) {
        do { try connection.startTLS(with: configuration.host, tls) } catch { throw failure(error.cause, error.kind) }
    }

    private struct Step {
        let command: [RedisArgument]
        var isOptional = false
    }

    private var steps: [Step] {
        var steps: [Step] = []
        if let password = configuration.password {
            steps.append(Step(command: ["AUTH"] + (configuration.username.map { [.string($0)] } ?? []) + [.string(password)]))
        }
        // The server rejects PING if AUTH is missing or while it loads its data. Finding out now is better than at every command.
        steps.append(Step(command: ["PING"]))
        if configuration.database != 0 { steps.append(Step(command: ["SELECT", .integer(Int64(configuration.database))])) }
        // Optional: a server without client names, or a user who may not set one, is acceptable.
        let name = String(configuration.clientName.map { $0.isASCII && $0 > " " ? $0 : "-" })
        if !name.isEmpty { steps.append(Step(command: ["CLIENT", "SETNAME", .string(name)], isOptional: true)) }
        return steps
    }

    private func ask(_ connection: RedisConnection, _ command: [RedisArgument]) throws(RedisError) -> RESPValue {
        let context = connection.context
        let bytes = EncodedCommands(command).bytes
        TLSSession.forgetErrors()
        let isAppended = bytes.withUnsafeBytes { bytes in
            redisAppendFormattedCommand(context, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), bytes.count) == REDIS_OK
        }
        var reply: UnsafeMutableRawPointer?
        guard isAppended, redisSetTimeout(context, timeLeft) == REDIS_OK, redisGetReply(context, &reply) == REDIS_OK, let reply
        else {
            try check(connection)
            throw failure("no reply to \(command[0].name)")
        }
        defer { freeReplyObject(reply) }
        return RESPValue(reply.assumingMemoryBound(to: redisReply.self))
    }

    private func stopBlocking(_ context: UnsafeMutablePointer<redisContext>) throws(RedisError) {
        let descriptor = context.pointee.fd
        let flags = fcntl(descriptor, F_GETFL)
        guard flags >= 0, fcntl(descriptor, F_SETFL, flags | O_NONBLOCK) == 0, fcntl(descriptor, F_SETFD, FD_CLOEXEC) == 0 else {
            throw failure(String(cString: strerror(errno)))
        }
        context.pointee.flags &= ~REDIS_BLOCK
    }

    private func check(_ connection: RedisConnection) throws(RedisError) {
        let error = connection.context.pointee.err
        guard error != 0 else { return }
        let isTimeout = error == REDIS_ERR_IO && (errno == EAGAIN || errno == EWOULDBLOCK)
        // In TLS 1.3 a server rejects the client's certificate only after the handshake.
        if let tlsError = connection.tlsError { throw failure(tlsError, .tls) }
        throw failure(
            isTimeout ? "no reply within \(configuration.connectTimeout)" : String(cString: shim_redis_error(connection.context)))
    }

    private func failure(_ cause: String, _ kind: RedisError.Kind = .unreachable) -> RedisError {
        RedisError(kind, operation: "connect", server: configuration.server, cause: cause)
    }

    /// Never zero, which would mean no timeout.
    private var timeLeft: timeval {
        let (seconds, attoseconds) = max(deadline - .now, .milliseconds(10)).components
        return timeval(tv_sec: Int(seconds), tv_usec: Int(attoseconds / 1_000_000_000_000))
    }
}
