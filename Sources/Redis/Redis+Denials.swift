// A Redis user without permission (ACL) for one script's command can run everything else: no server is down, yet jobs stop.
extension Redis {
    /// The last command that the user had no permission to run, or that the server refused because it takes no writes, if that was within
    /// `memory`.
    public func denial(within memory: Duration) -> RedisError? {
        lastDenial.flatMap { .now - $0.at < memory ? $0.error : nil }
    }

    func noteDenials(_ replies: [RESPValue], _ operation: String) {
        for case .error(let denial) in replies where denial.isDenial || denial.refusesWrites {
            lastDenial = (error(.server(denial), operation), .now)
        }
    }
}

extension RedisServerError {
    /// Whether the server answers and takes no writes: it is full, cannot save, is a replica, or lacks its replicas.
    ///
    /// Before Redis 7.0 the error of a command within a script stands in the text of the script's own.
    public var refusesWrites: Bool {
        Self.writeRefusals.contains(code) || Self.writeRefusals.contains { message.contains(": -\($0) ") }
    }

    private static let writeRefusals: Set<String> = ["OOM", "MISCONF", "READONLY", "NOREPLICAS"]

    /// Whether the user has no permission for the command or one of its keys, directly or in a script. Only a change of permissions
    /// helps.
    ///
    /// Redis has no error code for this within scripts: 7.0 says "The user executing the script can't run this command", later
    /// versions use the text of NOPERM.
    public var isDenial: Bool {
        code == "NOPERM" || message.hasPrefix("The user executing the script can't ") || message.contains("has no permissions to ")
    }
}
