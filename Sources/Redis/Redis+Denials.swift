// A user whose permissions (Redis ACL) lack a command of one script can do everything else: nothing is down, and yet jobs stand.
extension Redis {
    /// The last command that the user was not allowed to run, unless that is longer ago than `memory`.
    public func denial(within memory: Duration) -> RedisError? {
        lastDenial.flatMap { .now - $0.at < memory ? $0.error : nil }
    }

    func noteDenials(_ replies: [RESPValue], _ operation: String) {
        for case .error(let denial) in replies where denial.isDenial { lastDenial = (error(.server(denial), operation), .now) }
    }
}

extension RedisServerError {
    /// Whether the user may not run the command or touch one of its keys, by itself or in a script. Only other permissions help.
    ///
    /// Redis has no code for it within scripts: 7.0 says "The user executing the script can't run this command", later ones the
    /// text that NOPERM has outside of them.
    public var isDenial: Bool {
        code == "NOPERM" || message.hasPrefix("The user executing the script can't ") || message.contains("has no permissions to ")
    }
}
