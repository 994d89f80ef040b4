/// Everything that can be chosen about a sandbox. All has a default; `set(_:to:)` takes the same from option strings.
public struct SandboxConfiguration: Sendable {
    /// The address to listen at.
    public var host = "127.0.0.1"
    /// The port to listen at; 0 takes a free one, which `SandboxServer.start()` returns.
    public var port = 0
    /// Threads that serve HTTP. One does 20,000 status requests a second and more.
    public var eventLoops = 1
    /// Decides everything that is random. The same seed and the same idempotency keys give the same run.
    public var seed: UInt64 = 1
    /// What every request but signed file links must carry as `Authorization: Bearer …`; nil lets everybody in.
    public var bearerToken: String?
    /// How clients reach the sandbox, such as `http://sandbox:8080`; links begin with it. Nil takes each request's `Host`.
    public var publicURL: String?

    /// Time in `IN_QUEUE`, in seconds.
    public var queueTime = Distribution.fixed(0)
    /// Time in `IN_PROGRESS`, in seconds.
    public var duration = Distribution.uniform(2...30)
    /// Files an export.
    public var files = Distribution.uniform(1...5)
    /// Unpacked bytes a file.
    public var bytesPerFile = Distribution(.lognormal(median: 65_536, sigma: 1, max: 16_777_216))
    /// How files are packed; of several, one is drawn for each export. Never empty.
    public var compression: [FileCompression] = [.gzip, .zip, .none]
    /// Entries a zip file.
    public var entries = Distribution.uniform(1...3)
    /// What goes wrong, unless a request's body says otherwise for its export.
    public var faults: [FaultRule] = []

    /// Files a page of a listing.
    public var pageSize = 100
    /// Which checksums a listing tells.
    public var checksums: Set<FileChecksum> = [.sha256]
    /// How long a listed link works.
    public var linkLifetime: Duration = .seconds(300)
    /// What an expired link answers: 403 as S3 does, or 410.
    public var expiredLinkStatus = 403
    /// The `Retry-After` of a status that is not final.
    public var retryAfter = RetryHint.fixed(.seconds(2))
    /// The `Retry-After` of the fault `429`.
    public var throttleRetryAfter: Duration = .seconds(1)
    /// How long the fault `slowBody` spreads a body.
    public var slowBody: Duration = .seconds(10)

    /// Exports kept in memory, at about 500 bytes each. Over it the one that finished first is dropped, and a create is
    /// answered by 503 while none has finished.
    public var maxExports = 500_000
    /// Connections that the fault `hang` may hold at a time; further ones are closed at once.
    public var maxHanging = 1_000
    /// A connection on which nothing was read or written for so long is closed, also one that hangs on purpose.
    public var idleTimeout: Duration = .seconds(600)
    /// A file to which creates, cancels and injected faults are appended as NDJSON; nil keeps no log.
    public var eventLog: String?

    public init() {}
}

/// How a file is packed.
public enum FileCompression: String, Sendable, Hashable, CaseIterable {
    case none, gzip, zip
}

/// A checksum that a listing can tell.
public enum FileChecksum: String, Sendable, Hashable, CaseIterable {
    case sha256, md5
}

/// What a status that is not final says of when to ask again.
public enum RetryHint: Sendable, Hashable {
    /// No `Retry-After`.
    case off
    /// The same always, rounded up to whole seconds.
    case fixed(Duration)
    /// Exactly the time that remains, rounded up to whole seconds: the hint of an API that knows.
    case remaining
}
