// A Redis user without permission (ACL) for one script's command can run everything else: no server is down, yet jobs stop.
extension Redis {
    /// The last command that the user had no permission to run, if that was within `memory`.
    public func denial(within memory: Duration) -> RedisError? {
        lastDenial.flatMap { .now - $0.at < memory ? $0.error : nil }
    }

    func noteDenials(_ replies: [RESPValue], _ operation: String) {
        for case .error(let denial) in replies where denial.isDenial { lastDenial = (error(.server(denial), operation), .now) }
    }
}

extension RedisServerError {
    /// Whether the user has no permission for the command or one of its keys, directly or in a script. Only a change of permissions
    /// helps.
    ///
    /// Redis has no error code for this within scripts: 7.0 says "The user executing the script can't run this command", later
    /// versions use the text of NOPERM.
    public var isDenial: Bool {
        code == "NOPERM" || message.hasPrefix("The user executing the script can't ") || message.contains("has no permissions to ")
    }
}
