import Retry

/// The server's address, the login, and the client's timeouts and limits.
public struct RedisConfiguration: Sendable {
    public var host: String
    public var port: Int
    /// The user name for AUTH (Redis 6 and later); `nil` is the default user.
    public var username: String?
    public var password: String?
    /// `nil` means plain TCP. TLS needs `supportsTLS`.
    public var tls: TLS?
    /// The database number for SELECT.
    public var database: Int
    /// The name in `CLIENT LIST`. Redis does not allow blanks; they become hyphens.
    public var clientName = "longhaul"

    /// The limit for name resolution, TCP, TLS and login together.
    public var connectTimeout: Duration = .seconds(5)
    /// The limit from the call to its reply, including the time in the queue and a reconnect.
    public var commandTimeout: Duration = .seconds(10)
    public var reconnect = Backoff(base: .milliseconds(50), cap: .seconds(5))
    public var limits = Limits()

    /// One write is outstanding on a connection; commands that arrive meanwhile form the next one.
    public struct Limits: Sendable {
        /// The maximum number of commands in one write.
        public var batchCommands = 200
        /// The maximum bytes in one write; a longer command is sent alone. Writes over 64 KiB caused delayed ACKs on loopback.
        public var batchBytes = 65_536
        /// The maximum number of commands that wait to be sent; more fail as `overloaded`.
        public var queuedCommands = 100_000
        /// The maximum bytes that wait to be sent; more fail as `overloaded`.
        public var queuedBytes = 256 << 20
        public init() {}
    }

    public init(host: String, port: Int = 6379, username: String? = nil, password: String? = nil, database: Int = 0) {
        self.host = host
        self.port = port
        self.username = username
        self.password = password
        self.database = database
    }

    /// `host:port/database`, for logs and errors.
    public var server: String { (host.contains(":") ? "[\(host)]" : host) + ":\(port)/\(database)" }
}

/// No printed form contains the password.
extension RedisConfiguration: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String { (tls == nil ? "redis" : "rediss") + "://\(server)" }
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: ["server": server]) }
}
