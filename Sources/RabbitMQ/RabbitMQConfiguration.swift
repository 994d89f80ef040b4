import Retry

/// The broker's address, the login, and the limits on what a connection holds in memory.
public struct RabbitMQConfiguration: Sendable {
    public struct Endpoint: Sendable, Hashable {
        public var host: String
        public var port: UInt16

        public init(host: String, port: UInt16) {
            self.host = host
            self.port = port
        }
    }

    /// The trusted authorities and the client certificate of an `amqps` connection. The files are PEM.
    public struct TLS: Sendable, Equatable {
        /// The trusted certificate authorities; `nil` uses the system's.
        public var authorityFile: String?
        /// The client's certificate chain and its key, which must have no passphrase: librabbitmq cannot ask for one.
        public var certificateFile: String?
        public var keyFile: String?
        /// Whether the broker's certificate must be signed by a trusted authority and match the host. Turn it off only for
        /// experiments.
        public var verifiesPeer = true
        public init() {}
    }

    /// Tried one after another, in random order, at each attempt.
    public var endpoints: [Endpoint]
    public var virtualHost: String
    public var user: String
    public var password: String
    /// `nil` means plain TCP.
    public var tls: TLS?

    /// The connection's name in the management UI.
    public var connectionName = "longhaul"
    /// A peer that sends nothing for twice this interval is treated as dead. The broker may lower it; zero turns heartbeats off.
    public var heartbeat: Duration = .seconds(10)
    /// The limit for each endpoint: TCP connect and TLS handshake, then again for the login.
    public var connectTimeout: Duration = .seconds(5)
    /// The limit for one call of an `Administrator`, and for opening channels.
    public var callTimeout: Duration = .seconds(10)
    /// How long a publish may take, including reconnects, unless the call sets its own timeout.
    public var publishTimeout: Duration = .seconds(30)
    public var reconnectBackoff = Backoff(base: .milliseconds(100), cap: .seconds(10))

    /// The maximum number of sent, unconfirmed messages, and their maximum bytes.
    public var publishWindow = 4096
    public var publishWindowBytes = 16 << 20
    /// The maximum number of messages, and bytes, that wait for the window; further messages fail at once as `overloaded`.
    public var publishBacklog = 100_000
    public var publishBacklogBytes = 256 << 20
    /// The largest body that can be published.
    public var maxMessageBytes = 4 << 20
    /// A delivery holds at most this many bytes of a body; it sets `isTruncated` if the body is larger.
    public var maxDeliveryBytes = 4 << 20

    /// A readable name of an endpoint without secrets.
    func name(of endpoint: Endpoint) -> String { "\(endpoint.host):\(endpoint.port)/\(virtualHost)" }
}
