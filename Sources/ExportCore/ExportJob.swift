/// A job as the store keeps it. Times are milliseconds of Redis's clock since 1970.
public struct ExportJob: Sendable, Equatable {
    public var id: JobID
    public var provider: String
    /// What the submitter wants of the provider: a JSON object, kept as it came.
    public var parameters: String
    public var priority: JobPriority
    public var tenant: String
    public var correlationID: String
    public var webhook: String?
    /// W3C Trace Context of the submitter.
    public var traceparent: String?

    public var state: JobState
    /// Guards every change: a caller that read an older version changes nothing.
    public var version: Int64
    public var createdAt: Int64
    public var lastPollAt: Int64?
    public var nextPollAt: Int64?
    /// When the store forgets the job, which has come to its end.
    public var expiresAt: Int64?
    public var error: JobError?
    /// Why the first of its failed files did.
    public var fileError: JobError?
    /// Somebody asked for its end, and the provider is to be told.
    public var isCancelRequested: Bool
    /// The provider may have started a second export for it: a create was sent again, and the provider's API offers nothing that
    /// makes this safe.
    public var mayBeCreatedTwice: Bool
    /// What the provider's answers said of the export, for later requests: a JSON object.
    public var exportHandle: String?
    /// The page of the file list that comes next, while the job is READY.
    public var listingCursor: String?

    public init(
        id: JobID, provider: String, parameters: String = "{}", priority: JobPriority = .normal, tenant: String = "default",
        correlationID: String, webhook: String? = nil, traceparent: String? = nil, state: JobState = JobState(status: .pending),
        version: Int64 = 0, createdAt: Int64 = 0, lastPollAt: Int64? = nil, nextPollAt: Int64? = nil, expiresAt: Int64? = nil,
        error: JobError? = nil, fileError: JobError? = nil, isCancelRequested: Bool = false, mayBeCreatedTwice: Bool = false,
        exportHandle: String? = nil, listingCursor: String? = nil
    ) {
        self.id = id
        self.provider = provider
        self.parameters = parameters
        self.priority = priority
        self.tenant = tenant
        self.correlationID = correlationID
        self.webhook = webhook
        self.traceparent = traceparent
        self.state = state
        self.version = version
        self.createdAt = createdAt
        self.lastPollAt = lastPollAt
        self.nextPollAt = nextPollAt
        self.expiresAt = expiresAt
        self.error = error
        self.fileError = fileError
        self.isCancelRequested = isCancelRequested
        self.mayBeCreatedTwice = mayBeCreatedTwice
        self.exportHandle = exportHandle
        self.listingCursor = listingCursor
    }
}

/// Why a job failed.
public struct JobError: Sendable, Equatable {
    /// Kebab-case and stable: `max-wait-exceeded`, `unknown-status`, `http-403`.
    public var code: String
    public var message: String

    public init(code: String, message: String) {
        self.code = code
        self.message = message
    }
}
