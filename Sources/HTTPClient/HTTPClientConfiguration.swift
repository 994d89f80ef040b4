/// How a client connects, and its limits.
public struct HTTPClientConfiguration: Sendable {
    /// The value of the metrics label `client`: `provider`, `storage`, …
    public var name: String
    public var userAgent: String?
    /// The maximum number of connections to one scheme, host and port. 32 to 64 cost the least CPU per request.
    public var maxConnectionsPerHost: Int
    /// The maximum number of connections in total, in use and idle.
    public var maxConnections: Int
    /// The maximum number of requests that wait for a connection; further ones fail with `HTTPError.Kind.overloaded`.
    public var maxQueued: Int
    /// The egress policy of requests that set none. Defaults to public addresses only.
    public var egress: EgressPolicy
    /// The longest body that `send` accepts, in bytes.
    public var maxBodyBytes: Int
    /// The maximum size of all header lines of a response, in bytes.
    public var maxHeaderBytes: Int
    /// The limit of `send` for a whole transfer if `HTTPTimeouts.whole` is `nil`.
    public var wholeTimeout: Duration
    /// Certificates to trust instead of the system's: a PEM file, or a folder prepared with `c_rehash`.
    public var caFile: String?
    public var caPath: String?
    public var clientCertificate: ClientCertificate?
    /// The proxies of requests that set none.
    public var proxy: ProxyRules
    /// `host:port:address` entries that replace name resolution (curl's `--resolve`). The egress policy applies to these too.
    public var resolve: [String]
    /// Whether requests within a trace carry a header `traceparent`, unless they have one.
    public var propagatesTraces = false

    public init(
        name: String = "http", userAgent: String? = "longhaul", maxConnectionsPerHost: Int = 64, maxConnections: Int = 1024,
        maxQueued: Int = 20_000, egress: EgressPolicy = .publicOnly, maxBodyBytes: Int = 16 << 20, maxHeaderBytes: Int = 64 << 10,
        wholeTimeout: Duration = .seconds(120), caFile: String? = nil, caPath: String? = nil,
        clientCertificate: ClientCertificate? = nil, proxy: ProxyRules = .none, resolve: [String] = []
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
