/// The configuration of a sandbox. Every property has a default; `set(_:to:)` sets it from text.
public struct SandboxConfiguration: Sendable {
    /// The address to listen on.
    public var host = "127.0.0.1"
    /// The port to listen on; 0 uses a free port, which `SandboxServer.start()` returns.
    public var port = 0
    /// The number of threads that serve HTTP. One serves more than 20,000 status requests per second.
    public var eventLoops = 1
    /// Determines everything random. The same seed and idempotency keys repeat a run.
    public var seed: UInt64 = 1
    /// The bearer token required by all requests except signed file links; nil requires none, unless `signIn` issues some.
    public var bearerToken: String?
    /// How clients get bearer tokens that live for a time.
    public var signIn = SignInConfiguration()
    /// The URL at which clients reach the sandbox, such as `http://sandbox:8080`; used for links. Nil uses each request's `Host`.
    public var publicURL: String?

    /// Time in `IN_QUEUE`, in seconds.
    public var queueTime = Distribution.fixed(0)
    /// Time in `IN_PROGRESS`, in seconds.
    public var duration = Distribution.uniform(2...30)
    /// The number of files per export.
    public var files = Distribution.uniform(1...5)
    /// Unpacked bytes per file.
    public var bytesPerFile = Distribution(.lognormal(median: 65_536, sigma: 1, max: 16_777_216))
    /// The file formats; one is drawn per export. Never empty.
    public var compression: [FileCompression] = [.gzip, .zip, .none]
    /// The number of entries per zip file.
    public var entries = Distribution.uniform(1...3)
    /// The faults to inject, unless the body of a create request overrides them for its export.
    public var faults: [FaultRule] = []

    /// The number of files per page of a listing.
    public var pageSize = 100
    /// The checksums included in listings.
    public var checksums: Set<FileChecksum> = [.sha256]
    /// How long a listed link is valid.
    public var linkLifetime: Duration = .seconds(300)
    /// The status code for an expired link: 403 as S3 does, or 410.
    public var expiredLinkStatus = 403
    /// The `Retry-After` of a status that is not final.
    public var retryAfter = RetryHint.fixed(.seconds(2))
    /// The `Retry-After` of the fault `429`.
    public var throttleRetryAfter: Duration = .seconds(1)
    /// How much longer the fault `slowBody` makes a body take.
    public var slowBody: Duration = .seconds(10)
    /// How long after its end an export that the fault `lateLinks` has hit lacks its links.
    public var lateLinks: Duration = .zero

    /// The number of exports kept in memory, at about 500 bytes each. Above it, the export that finished first is dropped; if none
    /// has finished, a create gets 503.
    public var maxExports = 500_000
    /// The number of connections that the fault `hang` may hold at the same time; further ones are closed at once.
    public var maxHanging = 1_000
    /// A connection without reads or writes for this long is closed, even one that hangs on purpose.
    public var idleTimeout: Duration = .seconds(600)
    /// A file to which creates, starts, cancels, sign-ins and injected faults are appended as NDJSON; nil keeps no log.
    public var eventLog: String?

    public init() {}
}

/// The format of a file.
public enum FileCompression: String, Sendable, Hashable, CaseIterable {
    case none, gzip, zip
}

/// A checksum that a listing can include.
public enum FileChecksum: String, Sendable, Hashable, CaseIterable {
    case sha256, md5
}

/// The `Retry-After` of a status that is not final.
public enum RetryHint: Sendable, Hashable {
    /// No `Retry-After`.
    case off
    /// Always the same, rounded up to whole seconds.
    case fixed(Duration)
    /// The remaining time, rounded up to whole seconds: the hint of an API that knows it.
    case remaining
}
