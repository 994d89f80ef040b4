/// The settings of a provider and of the service by which the job machine decides.
public struct JobRules: Sendable, Equatable {
    public var polling: PollPolicy
    /// The delay of the first check; `nil`: as the policy says.
    public var firstCheck: Duration?
    public var retry: RetryPolicy
    public var recreate: RecreatePolicy
    /// Whether a job continues without the files that cannot be fetched; otherwise one such file fails the job.
    public var skipsFailedFiles: Bool
    /// The longest time from the creation of the export until it is ready.
    public var maxWait: Duration
    /// The longest time in the queue of the provider, from the creation; `nil`: `maxWait`.
    public var maxQueued: Duration?
    /// The longest time from the first answer that the export runs until it is ready; `nil`: `maxWait`.
    public var maxRunning: Duration?
    /// The most status checks of one export.
    public var maxAttempts: Int
    /// How long a ready export may list no file before the job fails; `nil`: such an export is complete.
    public var nothingListedWait: Duration?
    /// Consecutive answers with an unknown status after which the job fails.
    public var unknownStatusLimit: Int
    /// Consecutive claims without a result after which the job fails.
    public var claimLimit: Int
    /// Attempts to write the manifest after which the job fails.
    public var manifestLimit: Int
    /// How long a claim lasts before the timer fires again.
    public var lease: Duration
    /// How long the files of a job may make no progress before the watchdog checks them.
    public var watchdog: Duration

    public init(
        polling: PollPolicy = .tiered(), firstCheck: Duration? = nil, retry: RetryPolicy = RetryPolicy(),
        recreate: RecreatePolicy = RecreatePolicy(),
        skipsFailedFiles: Bool = false, maxWait: Duration = .seconds(12 * 3600), maxQueued: Duration? = nil,
        maxRunning: Duration? = nil,
        maxAttempts: Int = 500, nothingListedWait: Duration? = .seconds(60), unknownStatusLimit: Int = 5, claimLimit: Int = 100,
        manifestLimit: Int = 20, lease: Duration = .seconds(30),
        watchdog: Duration = .seconds(60)
    ) {
        self.polling = polling
        self.firstCheck = firstCheck
        self.retry = retry
        self.recreate = recreate
        self.skipsFailedFiles = skipsFailedFiles
        self.maxWait = maxWait
        self.maxQueued = maxQueued
        self.maxRunning = maxRunning
        self.maxAttempts = maxAttempts
        self.nothingListedWait = nothingListedWait
        self.unknownStatusLimit = unknownStatusLimit
        self.claimLimit = claimLimit
        self.manifestLimit = manifestLimit
        self.lease = lease
        self.watchdog = watchdog
    }
}

/// Whether an export that failed or expired at the provider is replaced by a new one.
public struct RecreatePolicy: Sendable, Equatable {
    /// How many times for one job; 0: never.
    public var attempts: Int
    /// How long to wait before each.
    public var after: Duration

    public init(attempts: Int = 0, after: Duration = .seconds(60)) {
        self.attempts = attempts
        self.after = after
    }
}
