import Retry

/// Where the server is and how to behave towards it.
public struct RedisConfiguration: Sendable {
    public var host: String
    public var port: Int
    /// For AUTH with a name (Redis 6 and later); `nil` is the default user.
    public var username: String?
    public var password: String?
    /// `nil`: plain TCP. Needs `supportsTLS`.
    public var tls: TLS?
    /// For SELECT.
    public var database: Int
    /// What `CLIENT LIST` shows. Blanks are not allowed by Redis and become hyphens.
    public var clientName = "longhaul"

    /// For name resolution, TCP, TLS and login together.
    public var connectTimeout: Duration = .seconds(5)
    /// From the call to its reply, waiting in the queue and for a reconnect included.
    public var commandTimeout: Duration = .seconds(10)
    public var reconnect = Backoff(base: .milliseconds(50), cap: .seconds(5))
    public var limits = Limits()

    /// One write is outstanding on a connection; what comes meanwhile is the next.
    public struct Limits: Sendable {
        /// Commands in one write.
        public var batchCommands = 200
        /// Bytes in one write; a command that is longer goes alone. Writes over 64 KiB ran into delayed ACKs on loopback.
        public var batchBytes = 65_536
        /// Commands that wait to be sent; more are refused as `overloaded`.
        public var queuedCommands = 100_000
        /// Bytes that wait to be sent; more are refused as `overloaded`.
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

/// However it is printed, the password stays out.
extension RedisConfiguration: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String { (tls == nil ? "redis" : "rediss") + "://\(server)" }
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: ["server": server]) }
}
