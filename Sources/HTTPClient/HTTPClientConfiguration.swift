/// How a client connects, and the bounds of what it holds.
public struct HTTPClientConfiguration: Sendable {
    /// Value of the label `client` of the metrics: `provider`, `storage`, …
    public var name: String
    public var userAgent: String?
    /// Connections to one scheme, host and port. 32 to 64 cost the least CPU a request.
    public var maxConnectionsPerHost: Int
    /// Connections in all, in use and idle.
    public var maxConnections: Int
    /// Requests that wait for a connection; one more is `HTTPError.Kind.overloaded`.
    public var maxQueued: Int
    /// For requests that name none. Public addresses only, unless said otherwise.
    public var egress: EgressPolicy
    /// For `send`, in bytes.
    public var maxBodyBytes: Int
    /// All lines of a response's header together, in bytes.
    public var maxHeaderBytes: Int
    /// For `send` when `HTTPTimeouts.whole` says nothing.
    public var wholeTimeout: Duration
    /// Certificates to trust instead of the system's: a PEM file, or a folder prepared by `c_rehash`.
    public var caFile: String?
    public var caPath: String?
    public var clientCertificate: ClientCertificate?
    /// `http://host:port`; without one none is used, whatever the environment says.
    public var proxy: String?
    /// `host:port:address`, instead of name resolution (curl's `--resolve`). The egress policy holds for these too.
    public var resolve: [String]

    public init(
        name: String = "http", userAgent: String? = "longhaul", maxConnectionsPerHost: Int = 64, maxConnections: Int = 1024,
        maxQueued: Int = 20_000, egress: EgressPolicy = .publicOnly, maxBodyBytes: Int = 16 << 20, maxHeaderBytes: Int = 64 << 10,
        wholeTimeout: Duration = .seconds(120), caFile: String? = nil, caPath: String? = nil,
        clientCertificate: ClientCertificate? = nil, proxy: String? = nil, resolve: [String] = []
    ) {
        self.name = name
        self.userAgent = userAgent
        self.maxConnectionsPerHost = max(1, maxConnectionsPerHost)
        self.maxConnections = max(1, maxConnections)
        self.maxQueued = maxQueued
        self.egress = egress
        self.maxBodyBytes = maxBodyBytes
        self.maxHeaderBytes = maxHeaderBytes
        self.wholeTimeout = wholeTimeout
        self.caFile = caFile
        self.caPath = caPath
        self.clientCertificate = clientCertificate
        self.proxy = proxy
        self.resolve = resolve
    }
}
