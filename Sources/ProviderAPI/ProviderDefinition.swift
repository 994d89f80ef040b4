import ExportCore

/// What a provider file says in plain values; its filters stay with the `ProviderClient`.
public struct ProviderDefinition: Sendable, Equatable {
    /// 1 to 64 of `a-z 0-9 -`.
    public var name: String
    /// Where it was read from.
    public var file: String
    /// As written; it may hold templates.
    public var baseURL: String
    public var polling = PollingRules()
    public var retry = RetryPolicy()
    public var recreate = RecreatePolicy()
    public var breaker = BreakerPolicy()
    public var onFileFailure = FileFailureRule.fail
    public var limits = ProviderLimits()
    public var timeouts = ProviderTimeouts()
    public var download = DownloadRules()
    /// An expired link is to be listed anew.
    public var refreshesLinks = false
    public var canCancel = false
    /// What keeps a create that is sent twice from starting two exports.
    public var createSafety: Set<CreateSafety> = []
    /// The secrets that the file names, sorted.
    public var secretNames: [String] = []

    public init(name: String, file: String, baseURL: String) {
        self.name = name
        self.file = file
        self.baseURL = baseURL
    }

    /// The numbers that the state machine decides by; what belongs to the service keeps its default.
    public var jobRules: JobRules {
        JobRules(
            polling: polling.policy, retry: retry, recreate: recreate, skipsFailedFiles: onFileFailure == .skip,
            maxWait: polling.maxWait, maxAttempts: polling.maxAttempts)
    }
}

public struct PollingRules: Sendable, Equatable {
    public var policy = PollPolicy.tiered()
    /// The longest time until the export is ready.
    public var maxWait = Duration.seconds(12 * 3600)
    /// The most status checks for a job.
    public var maxAttempts = 500
    /// Whether the file tells kinds of exports apart, see `ProviderClient.pollingKey`.
    public var hasKey = false

    public init() {}
}

/// What a file that cannot be fetched means for its job.
public enum FileFailureRule: String, Sendable, CaseIterable {
    case fail, skip
}

public enum CreateSafety: String, Sendable, CaseIterable {
    case idempotencyKey, adopt, find
}

/// `nil` is no limit.
public struct ProviderLimits: Sendable, Equatable {
    /// Exports that the provider works on at a time.
    public var inFlight: Int?
    public var creates: Rate?
    public var checks: Rate?
    /// The longest answer that is read, in bytes; downloads are not bounded by it.
    public var answerBytes = 1 << 20

    public init() {}
}

public struct ProviderTimeouts: Sendable, Equatable {
    public var connect = Duration.seconds(10)
    public var firstByte = Duration.seconds(30)
    public var stall = Duration.seconds(30)
    /// Of a request, not of a download.
    public var whole = Duration.seconds(60)

    public init() {}
}

public struct DownloadRules: Sendable, Equatable {
    /// Whether credentials go along; `nil`: to the origin of `baseURL` alone.
    public var auth: Bool?
    public var unpack = UnpackRule.auto

    public init(auth: Bool? = nil, unpack: UnpackRule = .auto) {
        self.auth = auth
        self.unpack = unpack
    }
}

/// What a downloaded file is taken for.
public enum UnpackRule: String, Sendable, CaseIterable {
    /// By its first bytes.
    case auto
    case none, gzip, zip
}
