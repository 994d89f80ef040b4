import Retry

/// Where the broker is, how to log in, and the bounds of what a connection holds in memory.
public struct RabbitMQConfiguration: Sendable {
    public struct Endpoint: Sendable, Hashable {
        public var host: String
        public var port: UInt16

        public init(host: String, port: UInt16) {
            self.host = host
            self.port = port
        }
    }

    /// How an `amqps` connection proves both sides. The files are PEM.
    public struct TLS: Sendable, Equatable {
        /// The authorities that are trusted; the system's bundle without it.
        public var authorityFile: String?
        /// The client's certificate chain and its key (without a pass phrase: the library cannot ask for one).
        public var certificateFile: String?
        public var keyFile: String?
        /// Whether the broker's certificate must be signed by a trusted authority and name the host. Off is for experiments.
        public var verifiesPeer = true
        public init() {}
    }

    /// Tried in random order, one after the other, at each attempt.
    public var endpoints: [Endpoint]
    public var virtualHost: String
    public var user: String
    public var password: String
    /// `nil`: plain TCP.
    public var tls: TLS?

    /// The name of the connection in the management page.
    public var connectionName = "longhaul"
    /// A peer that sends nothing for twice this time is dead. The broker may lower it; zero turns heartbeats off.
    public var heartbeat: Duration = .seconds(10)
    /// For each endpoint: TCP connect and TLS handshake, then again for the login.
    public var connectTimeout: Duration = .seconds(5)
    /// For one call of an `Administrator`, and for opening channels.
    public var callTimeout: Duration = .seconds(10)
    /// How long a publish may take, reconnecting included, unless the call says otherwise.
    public var publishTimeout: Duration = .seconds(30)
    public var reconnectBackoff = Backoff(base: .milliseconds(100), cap: .seconds(10))

    /// The most messages that may be sent and not yet confirmed, and the most bytes of theirs.
    public var publishWindow = 4096
    public var publishWindowBytes = 16 << 20
    /// The most messages, and bytes, that may wait for the window; what comes on top fails at once as `overloaded`.
    public var publishBacklog = 100_000
    public var publishBacklogBytes = 256 << 20
    /// The largest body that is published.
    public var maxMessageBytes = 4 << 20
    /// Of a larger body, a delivery holds this many bytes only and says `isTruncated`.
    public var maxDeliveryBytes = 4 << 20

    /// A human name of an endpoint that gives no secret away.
    func name(of endpoint: Endpoint) -> String { "\(endpoint.host):\(endpoint.port)/\(virtualHost)" }
}
