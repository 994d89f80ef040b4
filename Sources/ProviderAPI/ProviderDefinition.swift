import ExportCore

/// The plain values of a provider file; its filters stay with the `ProviderClient`.
public struct ProviderDefinition: Sendable, Equatable {
    /// 1 to 64 characters of `a-z`, `0-9` and `-`.
    public var name: String
    /// The path of the provider file.
    public var file: String
    /// Tells versions of the file: the start of the SHA-256 of its text.
    public var version = ""
    /// As written; it may contain templates.
    public var baseURL: String
    public var polling = PollingRules()
    /// How several exports are asked for at once; `nil`: each on its own.
    public var batch: BatchRules?
    /// Whether the API is told where to report the end of an export.
    public var givesCallback = false
    public var retry = RetryPolicy()
    public var recreate = RecreatePolicy()
    public var breaker = BreakerPolicy()
    public var onFileFailure = FileFailureRule.fail
    public var limits = ProviderLimits()
    public var timeouts = ProviderTimeouts()
    public var download = DownloadRules()
    /// Whether an expired link can be listed again.
    public var refreshesLinks = false
    /// What the parameters of a job must be; `nil`: anything.
    public var parameters: ParameterSchema?
    public var emptyList = EmptyListRule.failAfter(EmptyListRule.usualWait)
    public var canCancel = false
    /// Whether the export is removed at the provider once it is delivered.
    public var cleansUp = false
    /// The number of entries of `steps`, and whether the first is a request.
    public var steps = 0
    public var beginsWithRequest = false
    /// How the only file of an export is made of the answers' data; `nil`: the answers list files.
    public var data: DataRules?
    /// The mechanisms that keep a repeated create from starting a second export.
    public var createSafety: Set<CreateSafety> = []
    /// Whether the file says that nothing protects against it, and that this is known: `idempotent: false`.
    public var acceptsSecondExport = false
    /// The statuses of ended jobs that `webhook` is told about; empty without it.
    public var webhookStatuses: [JobStatus] = []
    /// The secrets that the file names, sorted.
    public var secretNames: [String] = []

    public init(name: String, file: String, baseURL: String) {
        self.name = name
        self.file = file
        self.baseURL = baseURL
    }

    /// The limits that the state machine uses; values that belong to the service keep their defaults.
    public var jobRules: JobRules {
        JobRules(
            polling: polling.policy, firstCheck: polling.first, retry: retry, recreate: recreate, skipsFailedFiles: onFileFailure == .skip,
            maxWait: polling.maxWait, maxQueued: polling.maxQueued, maxRunning: polling.maxRunning, maxAttempts: polling.maxAttempts,
            nothingListedWait: nothingListedWait)
    }

    private var nothingListedWait: Duration? {
        switch emptyList {
        case .ok: nil
        case .failAfter(let wait): wait
        }
    }
}

public struct PollingRules: Sendable, Equatable {
    public var policy = PollPolicy.learned()
    /// The delay of the first check; `nil`: as the policy says.
    public var first: Duration?
    /// The longest time until the export is ready.
    public var maxWait = Duration.seconds(12 * 3600)
    /// The longest time in the provider's queue, and the longest that the export runs; `nil`: `maxWait`.
    public var maxQueued: Duration?
    public var maxRunning: Duration?
    /// The maximum number of status checks per job.
    public var maxAttempts = 500
    /// Whether `polling.key` groups exports by kind, see `ProviderClient.pollingKey`.
    public var hasKey = false

    public init() {}
}

/// The effect on the job of a file that cannot be fetched.
public enum FileFailureRule: String, Sendable, CaseIterable {
    case fail, skip
}

public enum CreateSafety: String, Sendable, CaseIterable {
    case idempotencyKey, adopt, find
    /// The file says so: `create.idempotent`.
    case declared
}

/// How long a ready export may list no file, `files.none`.
public enum EmptyListRule: Sendable, Equatable {
    /// An export without files is complete.
    case ok
    /// The job fails if nothing is listed for so long.
    case failAfter(Duration)
}

/// `nil` means no limit.
public struct ProviderLimits: Sendable, Equatable {
    /// The number of exports that the provider runs at the same time.
    public var inFlight: Int?
    public var creates: Rate?
    public var checks: Rate?
    /// The same limits for the jobs of each tenant.
    public var tenantInFlight: Int?
    public var tenantCreates: Rate?
    /// Bounds all requests together.
    public var budget: RequestBudget?
    /// The maximum size of a response in bytes. Downloads have no such limit.
    public var answerBytes = 1 << 20
    /// The longest wait that an answer can ask for; a longer one is cut to it.
    public var longestPause = Duration.seconds(3600)

    public init() {}
}

public struct ProviderTimeouts: Sendable, Equatable {
    public var connect = Duration.seconds(10)
    public var firstByte = Duration.seconds(30)
    public var stall = Duration.seconds(30)
    /// For a whole request; downloads have no such limit.
    public var whole = Duration.seconds(60)

    public init() {}
}
